/**
 * What users may ask of a model, and the check of it.
 */

import { ACTIVATIONS, type Activation } from '../base/activation.js';
import { check, checkOneOf, isCount, isListOf, isNumber } from '../base/check.js';
import { FLAVOURS, type Flavour } from '../base/engine-support.js';
import { mergeTransforms, type Transforms } from '../base/transforms.js';
import type { Region, Rotation } from '../base/view.js';
import type { Head } from '../protocol/head.js';
import type { DecodeSettings, PickSettings, ProgressEvent } from '../protocol/messages.js';
import type { Precision } from '../weights/manifest.js';
import type { Weights } from '../weights/registry.js';
import { DEFAULT_TRANSFORMS } from '../weights/variants.js';

/** Where a head may come from. */
export type HeadInput = string | URL | Blob | Response | ArrayBuffer | ArrayBufferView | Head;

/** Options of `ResNet50.load`. */
export interface LoadOptions {
  /**
   * An entry of `ResNet50_Weights`, its name in any of torchvision's spellings, the name of a variant you converted,
   * the address of a folder with a manifest.json, or null for torchvision's random initialization. Default
   * `ResNet50_Weights.DEFAULT`.
   */
  weights?: Weights | string | URL | null;
  /** Arithmetic. Default: int8 where the variant has it. */
  precision?: Precision;
  /** Bits of int8 activations: 7 (default; the same results everywhere, fastest) or 8. */
  activationBits?: 7 | 8;
  /** Threads, the worker's own included. Default 'auto'. One where threads cannot be had; `info().why` says so. */
  threads?: number | 'auto';
  /** Called while loading. */
  onProgress?: (event: ProgressEvent) => void;
  /** Stops loading; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** False: work in this very thread, with one thread. Default: in a worker, where there is one. */
  worker?: boolean;
  /** Folder of the package's wasm files (`dist/wasm/`), if they are not beside its modules. */
  wasmUrl?: string | URL;
  /** Folder of the package's `worker-*.js` (browsers), if they are not beside its modules. */
  workerUrl?: string | URL;
  /** A compiled `resnet50-simd.wasm` (or that of `flavour`) for platforms that forbid to compile. */
  wasmModule?: WebAssembly.Module;
  /** Folder that holds a folder of shards for each variant. */
  weightsUrl?: string | URL;
  /** The same as a path (Node). Default: environment variable RESNET50_WEIGHTS_DIR. */
  weightsDir?: string;
  /** A head of your own in place of the weights' classes: the bytes or address of what `model.save()` gave, or a parsed one. */
  head?: HeadInput;
  /** Overrides of the weights' own preprocessing (of the head's, where there is one), for all calls. */
  transforms?: Partial<Transforms>;
  /** A flavour by name instead of the best that works here (for tests and comparisons). */
  flavour?: Flavour;
  /** Longest encoded image, bytes. */
  maxBytes?: number;
  /** Most pixels of an image. Default 64 million in browsers, 268 million in Node. */
  maxPixels?: number;
  /** Classes of a randomly initialized network. Default 1000. */
  classes?: number;
  /** Seed of a randomly initialized network. Default 0. */
  seed?: number;
}

/** Options of everything that takes images. */
export interface ImageOptions {
  /** Overrides of the preprocessing for this call. */
  transforms?: Partial<Transforms>;
  /** Turns the image clockwise, after its EXIF orientation. Default 0. */
  rotate?: Rotation;
  /** Looks at a part of the (turned) image only, as if it were all there is. */
  region?: Region | null;
  /** 'exif' (default): upright, as a photo viewer shows it. 'none': as stored, as Pillow and torchvision read it. */
  orientation?: 'exif' | 'none';
  /** Color under transparent pixels, 0..255 each. Default: alpha is dropped as Pillow's `convert('RGB')` does. */
  background?: readonly [number, number, number] | null;
  /** Stops waiting; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of what gives scores. */
export interface ScoreOptions {
  /**
   * What makes scores of the logits: 'softmax' (classes exclude each other), 'sigmoid' (each class by itself) or 'none'
   * (the logits). Default: the network's own, which `info()` tells.
   */
  activation?: Activation;
}

/** Options of `classify`. */
export interface ClassifyOptions extends ImageOptions, ScoreOptions {
  /** How many classes at most; Infinity for all. Default 5. */
  topK?: number;
  /** Least score of a class, 0..1 (any number for activation 'none'). Default: all are given. */
  threshold?: number;
  /** Only these classes: indices, WordNet ids or labels. Softmax is still over all classes. */
  allow?: readonly (number | string)[];
  /** Not these classes. */
  deny?: readonly (number | string)[];
  /**
   * How many crops to look at, their scores averaged: 1 (default), 2 (the middle and its mirror image), 5 (the
   * middle and the corners) or 10 (those and their mirror images: torchvision's `ten_crop`). Takes as many times as long.
   */
  crops?: 1 | 2 | 5 | 10;
}

/** Options of `explain`. */
export interface ExplainOptions extends ImageOptions, ScoreOptions {
  /** The class to explain: by index, WordNet id or label. Default: the best. */
  index?: number | string;
  /** Longest side of the map, in numbers; Infinity for the picture's own size. Default 512. */
  maxSide?: number;
}

/** Options of `preprocess`. */
export interface PreprocessOptions extends ImageOptions {
  /** Order of the tensor: channels first, as torch has it (default), or last. */
  layout?: 'nchw' | 'nhwc';
}

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export function checkLoadOptions(o: LoadOptions): void {
  const { threads = 'auto', precision = 'int8', activationBits = 7, flavour = 'simd' } = o;
  check(threads === 'auto' || isCount(threads, 64), 'threads', "must be 'auto' or a whole number, 1 to 64");
  checkOneOf(precision, 'precision', 'int8', 'f32');
  checkOneOf(activationBits, 'activationBits', 7, 8);
  checkOneOf(flavour, 'flavour', ...FLAVOURS);
  check(o.classes === undefined || isCount(o.classes, 1_000_000), 'classes', 'must be a whole number, 1 to 1000000');
  check(o.seed === undefined || Number.isSafeInteger(o.seed), 'seed', 'must be a whole number');
  check(typeof (o.onProgress ?? check) === 'function', 'onProgress', 'must be a function');
  mergeTransforms(DEFAULT_TRANSFORMS, o.transforms ?? {});
  for (const key of ['maxBytes', 'maxPixels'] as const) {
    check(isNumber(o[key] ?? 1, Number.MIN_VALUE, Number.POSITIVE_INFINITY), key, 'must be a number greater than 0');
  }
}

/** @throws ResNet50Error INVALID_ARGUMENT */
export function checkActivation({ activation = 'none' }: ScoreOptions): void {
  checkOneOf(activation, 'activation', ...ACTIVATIONS);
}

/** The class filter of a call, complete and checked. */
export function pickSettings(o: ClassifyOptions): PickSettings {
  const { topK = 5, threshold = Number.NEGATIVE_INFINITY, activation, allow = null, deny = null, crops = 1 } = o;
  check(
    topK === Number.POSITIVE_INFINITY || isCount(topK, 2 ** 31),
    'topK',
    'must be a whole number from 1, or Infinity',
  );
  check(isNumber(threshold, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), 'threshold', 'must be a number');
  for (const [name, list] of Object.entries({ allow, deny })) {
    check(isListOf(list ?? [], 'number', 'string'), name, 'must be a list of class indices, WordNet ids or labels');
  }
  checkOneOf(crops, 'crops', 1, 2, 5, 10);
  checkActivation(o);
  return { topK, threshold, activation, allow: allow && [...allow], deny: deny && [...deny], crops };
}

/** The decoding of a call, complete and checked. */
export function decodeSettings(o: ImageOptions, maxPixels: number): DecodeSettings {
  const { orientation = 'exif', background = null } = o;
  checkOneOf(orientation, 'orientation', 'exif', 'none');
  const isColor =
    isListOf(background, 'number') && background?.length === 3 && background.every((c) => c >= 0 && c <= 255);
  check(background === null || isColor, 'background', 'must be three numbers, 0 to 255');
  return { maxPixels, applyOrientation: orientation === 'exif', background };
}
