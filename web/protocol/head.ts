/**
 * A classifier of the user's own on the network's 2048 pooled features, and how one is trained: plain data. Knows nothing
 * of files, workers or wasm.
 */

import type { Transforms } from '../base/transforms.js';
import type { ImageInput } from '../client/inputs.js';
import type { ImageOptions } from '../client/options.js';
import type { CoreTrainingOptions } from '../core/types.js';
import type { Precision } from '../weights/manifest.js';
import type { FinetuneProgress } from './finetune-job.js';

/** Features that ResNet-50 has before its classifier. */
export const FEATURES = 2048;

/** Parameters of a ResNet-50 with so many classes as torchvision counts them; of 0, those below the classifier. */
export const parameterCount = (classes: number): number => 23_508_032 + (FEATURES + 1) * classes;

/** What a head was made on. */
export interface HeadOrigin {
  /** Names of the classes, by index. */
  classes: readonly string[];
  /** The variant whose features it reads; null for a randomly initialised network. */
  weights: string | null;
  precision: Precision;
  /** The preprocessing of its examples. */
  transforms: Transforms;
}

/** A linear head: torch's `fc`. */
export interface LinearHead extends HeadOrigin {
  method: 'head';
  /** fc.weight, [classes, 2048] row-major. */
  weight: Float32Array<ArrayBuffer>;
  /** fc.bias, [classes]. */
  bias: Float32Array<ArrayBuffer>;
}

/** The examples themselves, of which the `k` nearest vote. */
export interface NearestHead extends HeadOrigin {
  method: 'knn';
  /** [n, 2048] row-major. */
  embeddings: Float32Array<ArrayBuffer>;
  /** Index of each example's class. */
  labels: Int32Array<ArrayBuffer>;
  k: number;
}

export type Head = LinearHead | NearestHead;

/** A picture or its embedding, and the name of its class. */
export interface Example {
  label: string;
  image?: ImageInput;
  /** What `model.embed` gives of the picture: 2048 numbers. */
  embedding?: Float32Array;
}

/** How well a head does on some examples. */
export interface Fit {
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
  | { phase: 'training'; epoch: number; trained: Fit; heldOut: Fit | null }
  /** After each batch of fine-tuning; `epochDone` after the last of an epoch, whose `heldOut` is then new. */
  | FinetuneProgress;

/** Options of `fit`. */
export interface FitOptions extends Omit<ImageOptions, 'transforms'> {
  /**
   * 'head' (default): softmax regression, scikit-learn's `LogisticRegression`. 'knn': the `k` most alike examples vote;
   * for one to five examples a class.
   */
  method?: 'head' | 'knn';
  /**
   * What is trained: ['fc'], the classifier (default), or ['layer4', 'fc'], the last stage too, which begins with that
   * classifier. Then all examples must be pictures, and `epochs` and `patience` (defaults 8 and 3) are of fine-tuning.
   */
  unfreeze?: readonly string[];
  /** Only with layer4: pictures a step, 1..256. Default 16; memory grows with it. */
  batchSize?: number;
  /** Only with layer4: how far the first steps go, relative to the weights, over 0, at most 1. Default 0.003. */
  rate?: number;
  /** Only with layer4: flips and crops of layer3's activations. Default true. */
  augment?: boolean;
  /** Only with layer4: share of a label that is spread over all classes, 0..0.5. Default 0. */
  labelSmoothing?: number;
  /** Names of the classes in the order of their indices. Default: all labels, sorted. */
  classes?: readonly string[];
  /** Most iterations of the optimizer, each over all examples. It ends by itself before. Default 300. */
  epochs?: number;
  /**
   * Weight of the penalty on squared weights, over 0: 1 / C of scikit-learn. Default: 100 times the mean variance of the
   * features, whose size differs between networks; the report says what that was.
   */
  l2?: number;
  /**
   * Share of each class's examples to keep from training and judge by, 0..0.9; the epoch that does best on them counts.
   * Default 0.2 where every class has five examples, else 0.
   */
  holdOut?: number;
  /** Epochs without improvement on the held-out examples, after which training ends. Default 10. */
  patience?: number;
  /** Decides what is held out. Default 0. */
  seed?: number;
  /** Only 'knn': how many examples vote. Default 5, or all where there are fewer. */
  k?: number;
  onProgress?: (event: FitProgress) => void;
}

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
  trained: Fit | null;
  heldOut: Fit | null;
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
  trained: Fit | null;
  /** Of the epoch that counts, before the weights are quantized; null where nothing is held out. */
  heldOut: Fit | null;
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
