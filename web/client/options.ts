/**
 * What users may ask of a model, and the check of it.
 */

import { ACTIVATIONS, type Activation } from '../base/activation.js';
import {
  ANY,
  BOOLEAN,
  checkOptions,
  FUNCTION,
  isAddress,
  isCount,
  isListOf,
  isNumber,
  oneOf,
  type Rule,
  type Rules,
  SIGNAL,
  tagOf,
} from '../base/check.js';
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

/** A variant in memory: its files by name, manifest.json among them. */
export interface WeightsFiles {
  readonly files: ReadonlyMap<string, Uint8Array> | Readonly<Record<string, Uint8Array>>;
}

/** Options of `ResNet50.load`. */
export interface LoadOptions {
  /**
   * An entry of `ResNet50_Weights`, its name in any of torchvision's spellings, the name of a variant you converted,
   * the address of a folder with a manifest.json, the files of such a folder (what `convert` gives), or null for torchvision's
   * random initialization. Default: the variant that `head` was trained on, if there is one, else `ResNet50_Weights.DEFAULT`.
   */
  weights?: Weights | WeightsFiles | string | URL | null;
  /** Arithmetic. Default: int8 where the variant has it. */
  precision?: Precision;
  /**
   * Bits of int8 activations: 7 (default) or 8, which is more accurate. 8 has the kernels of 7 with AVX-VNNI and on ARM with
   * the dot product, and slower ones elsewhere. Either gives the same results on every machine.
   */
  activationBits?: 7 | 8;
  /**
   * Threads, the worker's own included. Default 'auto': as many as the processors suggest, and after some pictures fewer
   * if those are faster. One if threads cannot be had. `info().why` tells.
   */
  threads?: number | 'auto';
  /**
   * Gets torchvision's weights if they are not there, as torchvision does on first use (Node): downloads, checks and converts
   * them into the user's cache folder, which takes minutes. Default false.
   */
  download?: boolean;
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
  /**
   * Node.js only, experimental: asks V8 for code of 256 bits, which takes up to a third less time on x64. Sets a flag of V8 for
   * the whole process; the kernels are checked against known results while loading, which takes 0.3 s. Default false.
   */
  revectorize?: boolean;
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
  /**
   * For lists of images: true gives `{ status: 'fulfilled', value }` or `{ status: 'rejected', reason }` for each, as
   * `Promise.allSettled` does, so that a bad image does not cost the others. Default false: the first error rejects.
   */
  settled?: boolean;
}

/** Options of what gives scores. */
export interface ScoreOptions {
  /**
   * What makes scores of the logits: 'softmax' (classes exclude each other), 'sigmoid' (each class by itself) or 'none'
   * (the logits). Default: the network's own, which `info()` tells.
   */
  activation?: Activation;
}
/** Options with `settled: true`. */
export type Settled<T extends ImageOptions> = T & { settled: true };

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

const ADDRESS: Rule = ['must be an address: a text or a URL', isAddress];
const POSITIVE: Rule = [
  'must be a number greater than 0',
  (v) => isNumber(v, Number.MIN_VALUE, Number.POSITIVE_INFINITY),
];
const CLASSES: Rule = [
  'must be a list of class indices, WordNet ids or labels',
  (v) => v === null || isListOf(v, 'number', 'string'),
];

const LOAD: Rules<LoadOptions> = {
  weights: ANY,
  precision: oneOf('int8', 'f32'),
  activationBits: oneOf(7, 8),
  threads: ["must be 'auto' or a whole number, 1 to 64", (v) => v === 'auto' || isCount(v, 64)],
  download: BOOLEAN,
  onProgress: FUNCTION,
  signal: SIGNAL,
  worker: BOOLEAN,
  wasmUrl: ADDRESS,
  workerUrl: ADDRESS,
  wasmModule: ['must be a WebAssembly.Module', (v) => tagOf(v) === 'WebAssembly.Module'],
  weightsUrl: ADDRESS,
  weightsDir: ANY,
  head: ANY,
  transforms: ANY,
  flavour: oneOf(...FLAVOURS),
  revectorize: BOOLEAN,
  maxBytes: POSITIVE,
  maxPixels: POSITIVE,
  classes: ['must be a whole number, 1 to 1000000', (v) => isCount(v, 1_000_000)],
  seed: ['must be a whole number', Number.isSafeInteger],
};

/** Of all calls that take images. */
export const IMAGE: Rules<ImageOptions> = {
  transforms: ANY,
  rotate: ANY,
  region: ANY,
  orientation: oneOf('exif', 'none'),
  background: [
    'must be three numbers, 0 to 255',
    (v) => v === null || (isListOf(v, 'number') && (v as number[]).length === 3 && isColor(v as number[])),
  ],
  signal: SIGNAL,
  settled: BOOLEAN,
};

const isColor = (channels: number[]): boolean => channels.every((c) => isNumber(c, 0, 255));

const ACTIVATION = oneOf(...ACTIVATIONS);

/** Of single calls, besides those of all. */
const CALLS: { readonly [job: string]: Rules<object> } = {
  classify: {
    topK: ['must be a whole number from 1, or Infinity', (v) => v === Number.POSITIVE_INFINITY || isCount(v, 2 ** 31)],
    threshold: ['must be a number', (v) => isNumber(v, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)],
    activation: ACTIVATION,
    allow: CLASSES,
    deny: CLASSES,
    crops: oneOf(1, 2, 5, 10),
  } satisfies Rules<Omit<ClassifyOptions, keyof ImageOptions>>,
  explain: {
    index: ['must be an index, WordNet id or label', (v) => v === null || isListOf([v], 'number', 'string')],
    maxSide: ['must be a number from 1', (v) => isNumber(v, 1, Number.POSITIVE_INFINITY)],
    activation: ACTIVATION,
  } satisfies Rules<Omit<ExplainOptions, keyof ImageOptions>>,
  preprocess: { layout: oneOf('nchw', 'nhwc') } satisfies Rules<Omit<PreprocessOptions, keyof ImageOptions>>,
};

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export const checkCall = (job: string, options: ImageOptions): void =>
  checkOptions(options, { ...CALLS[job], ...IMAGE });

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export function checkLoadOptions(o: LoadOptions): void {
  checkOptions(o, LOAD);
  mergeTransforms(DEFAULT_TRANSFORMS, o.transforms ?? {});
}

/** The class filter of a call, complete. */
export function pickSettings(o: ClassifyOptions): PickSettings {
  checkCall('classify', o);
  const { topK = 5, threshold = Number.NEGATIVE_INFINITY, activation, allow = null, deny = null, crops = 1 } = o;
  return { topK, threshold, activation, allow: allow && [...allow], deny: deny && [...deny], crops };
}

/** The decoding of a call, complete. */
export function decodeSettings(o: ImageOptions, maxPixels: number): DecodeSettings {
  const { orientation = 'exif', background = null } = o;
  const [r = 0, g = 0, b = 0] = background ?? [];
  return { maxPixels, applyOrientation: orientation === 'exif', background: background && [r, g, b] };
}
