/**
 * What users may ask of `fit`, and what they give it.
 */

import type { FitProgress } from '../protocol/training.js';
import type { ImageInput } from './inputs.js';
import type { ImageOptions } from './options.js';

/** A picture or its embedding, and the name of its class. */
export interface Example {
  label: string;
  image?: ImageInput;
  /** What `model.embed` gives of the picture: 2048 numbers. */
  embedding?: Float32Array;
}

/** Options of `fit`. */
export interface FitOptions extends Omit<ImageOptions, 'transforms' | 'settled'> {
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
