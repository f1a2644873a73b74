/**
 * The messages between the API and the host of a core (a worker, or the same thread): one map of jobs, {@link Jobs}, and
 * the data that crosses. Plain data only.
 */

import type { Activation } from '../base/activation.js';
import type { Flavour } from '../base/engine-support.js';
import type { PlainError } from '../base/errors.js';
import type { Transforms } from '../base/transforms.js';
import type { Region, ViewSettings } from '../base/view.js';
import type { InputRequest } from '../weights/http.js';
import type { Category, Precision } from '../weights/manifest.js';
import type { Tensors } from '../weights/shard.js';
import type { FilesSource, WeightsSource } from '../weights/source.js';
import type { ConverterJobs } from './conversion.js';
import type { Head } from './head.js';
import type { DecodeSettings, PreparedImage } from './image.js';
import type {
  FinetuneExample,
  FinetuneOpening,
  FinetuneProgress,
  FinetuneResult,
  FinetuneRun,
  FitProgress,
  TrainingJob,
  TrainingResult,
} from './training.js';

export type { DecodeSettings, PreparedImage };

/** Which of the classes to give. */
export interface PickSettings {
  topK: number;
  /** -Infinity: none. */
  threshold: number;
  /** undefined: the network's own. */
  activation?: Activation | undefined;
  allow: readonly (number | string)[] | null;
  deny: readonly (number | string)[] | null;
  /** Crops whose scores are averaged: 1, 2, 5 or 10. */
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
  /** Complete. */
  transforms: Transforms;
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
  /**
   * 'core': starting; 'manifest': it was read, totals are known; 'weights': bytes arrive; 'ready': done. With `download`,
   * between a first 'core' and the rest: 'download', bytes of the checkpoint `shard` arrive; 'convert', `loaded` (0..1) of
   * the conversion is done, and `shard` says what it does.
   */
  phase: 'core' | 'manifest' | 'weights' | 'ready' | 'download' | 'convert';
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
  /** Go on with fewer threads where those are faster. */
  watch: boolean;
  precision: Precision | 'auto';
  activationBits: 7 | 8;
  source: WeightsSource;
  /** Address of the wasm file; null where the core's glue knows by itself (Node). */
  wasmFile: string | null;
  /** Compiled module to use instead of fetching one. */
  wasmModule: WebAssembly.Module | null;
  /** The engine was asked for wider code: what it makes of the kernels is to be checked. */
  revectorized: boolean;
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
  /** What makes scores of the logits. */
  activation: Activation;
  /** Method of the user's own head, whose `categories` and `classes` these are; null for the network's, 'none' without any. */
  head: Head['method'] | 'none' | null;
}

/** One class with its score. */
export interface Classification {
  /** Position in the network's output. */
  index: number;
  /** WordNet id, for example 'n02085620'; absent for classes that have none. */
  wnid?: string | undefined;
  label: string;
  /** Probability, 0..1 (softmax or sigmoid, as `info().activation` says); with activation 'none' the logit. */
  score: number;
}

/** What asks for something of one image (or a tensor). */
interface OnImage extends ImageSettings {
  image: PreparedImage;
}

/** What a network's host does, by name: what each job needs, gives and reports. */
export interface NetworkJobs {
  load: { request: LoadSpec; result: LoadedFacts; progress: ProgressEvent };
  classify: { request: OnImage & { pick: PickSettings }; result: Classification[]; progress: never };
  /** One row per picture. */
  logits: { request: OnImage; result: Float32Array<ArrayBuffer>[]; progress: never };
  preprocess: { request: OnImage & { layout: 'nchw' | 'nhwc' }; result: Preprocessed; progress: never };
  /** One row per picture, with one output per stage. */
  features: { request: OnImage & { stages: readonly string[] }; result: StageOutput[][]; progress: never };
  explain: {
    request: OnImage & { index: number | string | null; activation?: Activation | undefined };
    result: ExplainedGrid;
    progress: never;
  };
  /** Tensors by name as the shards hold them; null for random networks, which have none. */
  tensors: { request: readonly string[]; result: Tensors | null; progress: never };
  /** Replaces the network's head with the user's, or (null) puts the network's back. */
  head: { request: Head | null; result: LoadedFacts; progress: never };
  /** Gets a picture by address. Runs beside other jobs: the next picture arrives while one is computed. */
  fetch: { request: InputRequest; result: Uint8Array<ArrayBuffer>; progress: never };
  /** All shards, read again; null for random networks. */
  shards: { request: null; result: FilesSource | null; progress: never };
}

/** What a trainer does. */
export interface TrainerJobs {
  train: { request: TrainingJob; result: TrainingResult; progress: FitProgress };
  'finetune-open': { request: FinetuneOpening; result: null; progress: never };
  'finetune-add': { request: FinetuneExample; result: null; progress: never };
  'finetune-run': { request: FinetuneRun; result: FinetuneResult; progress: FinetuneProgress };
}

/** All jobs. Every other type of a message is derived from this map: a job is added here, and in one table of handlers. */
export interface Jobs extends NetworkJobs, TrainerJobs, ConverterJobs {}

export type JobName = keyof Jobs;
/** Jobs on one image (or a tensor). */
export type ImageJob = { [N in JobName]: Jobs[N]['request'] extends OnImage ? N : never }[JobName];

/** What a handler may use while it works. */
export interface JobContext<N extends JobName> {
  onProgress(progress: Jobs[N]['progress']): void;
  signal: AbortSignal;
}

/** One function per job: what a host is made of. */
export type Handlers<Names extends JobName> = {
  [N in Names]: (request: Jobs[N]['request'], context: JobContext<N>) => Jobs[N]['result'] | Promise<Jobs[N]['result']>;
};

/** API to host. One job at a time (`fetch` apart): the API keeps the queue. */
export type Request =
  | { [N in JobName]: { id: number; job: N; request: Jobs[N]['request'] } }[JobName]
  | { id: number; abort: true }
  /** The last message to a browser's worker: free the network, say farewell, close. */
  | { farewell: true };

/** Host to API. */
export type Reply =
  | { hello: true }
  | { farewell: true }
  | { id: number; progress: Jobs[JobName]['progress'] }
  /** `threads`: those that turned out to be the fastest; 0 while nobody knows. */
  | { id: number; value: Jobs[JobName]['result']; memoryBytes: number; threads: number }
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

/** A line to a host that is on its way: what is posted now is done when it is there. */
export interface Starting {
  port: Port;
  /** Rejects with WORKER_FAILED, or with the signal's reason as soon as it aborts; the host has ended then. */
  started: Promise<void>;
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
