/**
 * A classifier of the user's own on the network's 2048 pooled features: plain data.
 */

import type { Activation } from '../base/activation.js';
import type { Transforms } from '../base/transforms.js';
import type { Precision } from '../weights/manifest.js';

/** What a head was made on. */
export interface HeadOrigin {
  /** Names of the classes, by index. */
  classes: readonly string[];
  /** The variant whose features it reads; null for a randomly initialized network. */
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
  /** What makes scores of its logits. Default: softmax (as `fit` trains it), or sigmoid for one class. */
  activation?: Activation;
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
