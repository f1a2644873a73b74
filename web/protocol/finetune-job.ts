/**
 * The jobs of fine-tuning as they cross to a trainer's worker: plain data. Knows nothing of files or wasm.
 */

import type { Precision } from '../weights/manifest.js';
import type { FinetuneReport, Fit } from './head.js';

/** Options of the core's trainer, all of them given; `height` and `width` are of layer3's maps. */
export interface FinetuneSettings {
  classes: number;
  batchSize: number;
  epochs: number;
  patience: number;
  holdOut: number;
  step: number;
  smoothing: number;
  augment: boolean;
  seed: number;
  threads: number;
  height: number;
  width: number;
}

/** The first job: makes the trainer. */
export interface FinetuneOpening {
  /** Address of the wasm file; null where the glue knows by itself. */
  wasmFile: string | null;
  settings: FinetuneSettings;
}

/** The last job, after all maps were added. */
export interface FinetuneRun {
  /** layer4.0.conv1.weight (OHWI) to fc.bias. */
  parameters: Record<string, Float32Array<ArrayBuffer>>;
  /** Range of layer3's output. */
  input: readonly [number, number];
  precision: Precision;
}

/** After each batch. */
export interface FinetuneProgress {
  phase: 'finetuning';
  /** Epochs done. */
  epoch: number;
  /** Batches of this epoch done, of so many. */
  batch: number;
  batches: number;
  /** Of this epoch so far. */
  trained: Fit;
  /** After the last epoch; null where nothing is held out. */
  heldOut: Fit | null;
  epochDone: boolean;
}

/** What comes of it: a shard for each layer, and the ranges of their activations. */
export interface FinetuneResult {
  shards: { layer: string; bytes: Uint8Array<ArrayBuffer> }[];
  ranges: Record<string, [number, number]>;
  report: FinetuneReport;
}
