/**
 * What a model tells of itself.
 */
import type { Activation } from '../base/activation.js';
import type { Flavour } from '../base/engine-support.js';
import type { Transforms } from '../base/transforms.js';
import type { Head } from '../protocol/head.js';
import type { Category, Precision } from '../weights/manifest.js';

/** What `info()` tells. */
export interface ModelInfo {
  /** Variant, or null for a randomly initialized network. */
  weights: string | null;
  /** Folder that the weights came from. */
  address: string | null;
  classes: number;
  /** The user's own head in place of the network's: 'head' (fc) or 'knn'; null without, 'none' where there is no classifier at all. */
  head: Head['method'] | 'none' | null;
  parameters: number;
  precision: Precision;
  activationBits: 7 | 8;
  transforms: Transforms;
  /** What makes scores of the logits: of the network, or of the head in its place. */
  activation: Activation;
  /** Build of the core in use. */
  flavour: Flavour;
  /** In use. With `threads: 'auto'`, fewer after some pictures where fewer were faster. */
  threads: number;
  /** Whether the work is done in a worker. */
  worker: boolean;
  /** Why this flavour and these threads, one reason a line. */
  why: string[];
  /** wasm memory in use after the last call, bytes. */
  memoryBytes: number;
  /** Version of this package. */
  version: string;
}

/** The weights of a loaded model. */
export interface ModelWeights {
  readonly name: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
  /** Classes by index; null for a randomly initialized network. */
  readonly categories: readonly Category[] | null;
}
