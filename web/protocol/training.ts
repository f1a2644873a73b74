/**
 * What crosses to a trainer's worker and back: jobs, progress, results. Plain data.
 */
import type { CoreTrainingOptions, FinetuneSettings } from '../core/trainer-types.js';
import type { Precision } from '../weights/manifest.js';

/** How well a head does on some examples. */
export interface Score {
  /** Mean of -log(probability of the right class). */
  loss: number;
  /** Share of examples whose best class is the right one, 0..1. */
  accuracy: number;
}

/** A progress report of `fit`. */
export type FitProgress =
  /** Pictures are embedded. */
  | { phase: 'embedding'; done: number; total: number }
  /** After each epoch. `heldOut` is null where nothing is held out. */
  | { phase: 'training'; epoch: number; trained: Score; heldOut: Score | null }
  /** After each batch of fine-tuning; `epochDone` after the last of an epoch, whose `heldOut` is then new. */
  | FinetuneProgress;

/** What `fit` did. */
export interface FitReport {
  method: 'head' | 'knn';
  classes: readonly string[];
  /** Numbers of examples. */
  examples: { trained: number; heldOut: number };
  /** Epochs run, and the one that counts; 0 for 'knn'. */
  epochs: number;
  bestEpoch: number;
  /** Whether the optimizer arrived; false where it was stopped, early or by `epochs`. */
  converged: boolean;
  /** The penalty in use; 0 for 'knn'. */
  l2: number;
  /** Of the epoch that counts; null for 'knn', and `heldOut` where nothing is held out. */
  trained: Score | null;
  heldOut: Score | null;
  /** With layer4: what came after the classifier, of which all else here tells. */
  finetuned?: FinetuneReport;
}

/** What fine-tuning did. */
export interface FinetuneReport {
  epochs: number;
  /** The epoch that counts; 0 where none did better on the held-out examples than the classifier alone. */
  bestEpoch: number;
  steps: number;
  /** Median time of a step, milliseconds, and the threads it ran on. */
  stepMs: number;
  threads: number;
  /** Of the last epoch, while it changed the weights. */
  trained: Score | null;
  /** Of the epoch that counts, before the weights are quantized; null where nothing is held out. */
  heldOut: Score | null;
}

/** A trainer's job, as it crosses to its worker. */
export interface TrainingJob {
  /** Address of the wasm file; null where the glue knows by itself. */
  wasmFile: string | null;
  /** [n, 2048] row-major. */
  embeddings: Float32Array<ArrayBuffer>;
  labels: Int32Array<ArrayBuffer>;
  options: CoreTrainingOptions;
}

/** What comes of it. */
export interface TrainingResult {
  weight: Float32Array<ArrayBuffer>;
  bias: Float32Array<ArrayBuffer>;
  report: Omit<FitReport, 'method' | 'classes'>;
}

/** The first job: makes the trainer. */
export interface FinetuneOpening {
  /** Address of the wasm file; null where the glue knows by itself. */
  wasmFile: string | null;
  settings: FinetuneSettings;
}

/** What layer3 makes of one example. */
export interface FinetuneExample {
  /** [1024, height, width]. */
  map: Float32Array<ArrayBuffer>;
  label: number;
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
  trained: Score;
  /** After the last epoch; null where nothing is held out. */
  heldOut: Score | null;
  epochDone: boolean;
}

/** What comes of it: a shard for each layer, and the ranges of their activations. */
export interface FinetuneResult {
  shards: { layer: string; bytes: Uint8Array<ArrayBuffer> }[];
  ranges: Record<string, [number, number]>;
  report: FinetuneReport;
}
