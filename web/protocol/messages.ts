/**
 * The messages between the API and the host of a core (a worker, or the same thread). Plain data only; one job at a
 * time, the API keeps the queue.
 */

import type { Flavour } from '../base/engine-support.js';
import type { PlainError } from '../base/errors.js';
import type { TensorSpec } from '../base/resnet50.js';
import type { Transforms } from '../base/transforms.js';
import type { Region, ViewSettings } from '../base/view.js';
import type { Category, Precision } from '../weights/manifest.js';
import type { Parameter } from '../weights/parameters.js';
import type { FilesSource, WeightsSource } from '../weights/source.js';
import type { Head } from './head.js';
import type {
  FinetuneOpening,
  FinetuneProgress,
  FinetuneResult,
  FinetuneRun,
  FitProgress,
  TrainingJob,
  TrainingResult,
} from './training.js';

/** An image ready to cross to the host; its buffers may be transferred. */
export type PreparedImage =
  /** An encoded file. */
  | { kind: 'bytes'; name: string; bytes: Uint8Array<ArrayBuffer> }
  /** 8-bit pixels, rows top to bottom, channels interleaved, no padding. */
  | { kind: 'pixels'; name: string; data: Uint8Array<ArrayBuffer>; width: number; height: number; channels: 1 | 3 | 4 }
  /** Decoded by the browser. */
  | { kind: 'bitmap'; name: string; bitmap: ImageBitmap }
  /** float32 [n, 3, height, width], already normalized; logits only. */
  | { kind: 'tensor'; name: string; data: Float32Array<ArrayBuffer>; shape: [number, number, number, number] };

/** How to decode an image. */
export interface DecodeSettings {
  maxPixels: number;
  applyOrientation: boolean;
  background: readonly [number, number, number] | null;
}

/** Which of the classes to give. */
export interface PickSettings {
  topK: number;
  threshold: number;
  allow: readonly (number | string)[] | null;
  deny: readonly (number | string)[] | null;
  /** Crops whose probabilities are averaged: 1, 2, 5 or 10. */
  crops: number;
}

/** Output of a stage for one image. */
export interface StageOutput {
  /** Row-major, as `shape` says; dequantized where the network is int8. */
  data: Float32Array<ArrayBuffer>;
  /** [channels, height, width], as torch has it without the batch. */
  shape: [number, number, number];
}

/** How an image becomes the network's input. */
export interface ImageSettings {
  decode: DecodeSettings;
  view: ViewSettings;
  transforms: Partial<Transforms>;
}

/** An image as the network sees it. */
export interface Preprocessed {
  /** Normalized float32, as `shape` says. `logits` takes it (layout 'nchw'). */
  tensor: Float32Array<ArrayBuffer>;
  /** [3, height, width], or [height, width, 3] for layout 'nhwc'. */
  shape: [number, number, number];
  /** The same crop in 8 bits, before normalization: RGB, rows top to bottom, no padding. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
}

/** A progress report of `load`. */
export interface ProgressEvent {
  /** 'core': starting; 'manifest': it was read, totals are known; 'weights': bytes arrive; 'ready': done. */
  phase: 'core' | 'manifest' | 'weights' | 'ready';
  /** Bytes of weights that have arrived, verified or not yet; never decreases. */
  loaded: number;
  /** Bytes of weights in all, from the manifest; 0 while unknown. */
  total: number;
  /** The shard whose bytes arrived last; empty outside of phase 'weights'. */
  shard: string;
}

/** What the host needs to make a network. */
export interface LoadSpec {
  flavour: Flavour;
  threads: number;
  precision: Precision | 'auto';
  activationBits: 7 | 8;
  source: WeightsSource;
  /** Address of the wasm file; null where the core's glue knows by itself (Node). */
  wasmFile: string | null;
  /** Compiled module to use instead of fetching one. */
  wasmModule: WebAssembly.Module | null;
  transforms: Partial<Transforms>;
  /** Transforms of randomly initialized networks. */
  fallbackTransforms: Transforms;
}

/** What a loaded network is. */
export interface LoadedFacts {
  name: string | null;
  /** Where the weights came from. */
  address: string | null;
  meta: Record<string, unknown>;
  categories: Category[] | null;
  classes: number;
  parameters: number;
  transforms: Transforms;
  /** What the weights were trained with, without overrides. */
  ownTransforms: Transforms;
  precision: Precision;
  /** Method of the user's own head, whose `categories` and `classes` these are; null for the network's. */
  head: Head['method'] | null;
}

/** One class with its softmax probability. */
export interface Classification {
  /** Position in the network's output. */
  index: number;
  /** WordNet id, for example 'n02085620'; absent for classes that have none. */
  wnid?: string | undefined;
  label: string;
  /** Probability, 0..1. */
  score: number;
}

/** A head as it crosses to the host. */
export interface PlainHead {
  /** Rows of 2048 features (those of classes, or of examples that vote), and of each row its bias or its class. */
  parts: readonly (Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>)[];
  rows: number;
  /** How many examples vote; null for linear heads. */
  k: number | null;
  /** What becomes different. */
  facts: Pick<LoadedFacts, 'classes' | 'categories' | 'parameters' | 'head'>;
}

/** A job for the host, one at a time. */
export type Job =
  | { type: 'load'; spec: LoadSpec }
  | ({ type: 'classify'; image: PreparedImage; pick: PickSettings } & ImageSettings)
  | ({ type: 'logits'; image: PreparedImage } & ImageSettings)
  | ({ type: 'features'; image: PreparedImage; stages: readonly string[] } & ImageSettings)
  | ({ type: 'explain'; image: PreparedImage; index: number | string | null } & ImageSettings)
  | { type: 'parameter'; spec: TensorSpec }
  /** Puts a head of the user's own in place of the network's, or (null) the network's back. */
  | { type: 'head'; head: PlainHead | null }
  /** For trainers only. */
  | ({ type: 'train' } & TrainingJob)
  | ({ type: 'finetune-open' } & FinetuneOpening)
  | { type: 'finetune-add'; map: Float32Array<ArrayBuffer>; label: number }
  | ({ type: 'finetune-run' } & FinetuneRun)
  /** All shards, read again. */
  | { type: 'shards' }
  | ({ type: 'preprocess'; image: PreparedImage; layout: 'nchw' | 'nhwc' } & ImageSettings);

/** Jobs on one image (or a tensor). */
export type ImageJob = Exclude<
  Job,
  {
    type: 'load' | 'parameter' | 'head' | 'shards' | 'train' | 'finetune-open' | 'finetune-add' | 'finetune-run';
  }
>;

/** What each job resolves to. */
export interface JobResults {
  load: LoadedFacts;
  classify: Classification[];
  /** One row a picture. */
  logits: Float32Array<ArrayBuffer>[];
  preprocess: Preprocessed;
  /** A row a picture, in it a stage each. */
  features: StageOutput[][];
  explain: ExplainedGrid;
  parameter: Parameter;
  head: LoadedFacts;
  train: TrainingResult;
  'finetune-open': null;
  'finetune-add': null;
  'finetune-run': FinetuneResult;
  shards: FilesSource | null;
}

/** API to host. */
export type Request =
  | { id: number; job: Job }
  | { id: number; abort: true }
  /** The last message to a browser's worker: free the network, say farewell, close. */
  | { farewell: true };

/** Host to API. */
export type Reply =
  | { hello: true }
  | { farewell: true }
  | { id: number; progress: ProgressEvent | FitProgress | FinetuneProgress }
  | { id: number; value: JobResults[keyof JobResults]; memoryBytes: number }
  /** `fatal`: the core is unusable, start another. */
  | { id: number; error: PlainError; fatal: boolean };

/** A line to a host: a worker of either platform, or the same thread. */
export interface Port {
  post(message: Request, transfer: Transferable[]): void;
  /** Called with every reply; set before the first post. */
  onreply: ((reply: Reply) => void) | undefined;
  /** Called once if the host dies by itself. */
  ondeath: ((why: string) => void) | undefined;
  /** Keep the process alive (Node) while true. */
  busy(busy: boolean): void;
  /** Ends the host and frees all it has. */
  terminate(): void | Promise<void>;
}

/** Numbers on a grid, rows top to bottom. */
export interface Grid {
  width: number;
  height: number;
  /** Row by row. */
  data: Float32Array<ArrayBuffer>;
}

/** What the host gives of a picture. */
export interface ExplainedGrid {
  best: Classification;
  /** Of the turned picture, as the network saw it. */
  grid: Grid;
  /** What the network saw, in fractions of the turned picture. Beyond 0..1 where the crop was padded. */
  box: Region;
  /** Size of the picture before it was turned. */
  width: number;
  height: number;
}
