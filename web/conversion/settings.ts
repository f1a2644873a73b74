/**
 * How to convert: what the command line and the API both ask for, with its defaults.
 */
import type { Activation } from '../base/activation.js';
import type { Transforms } from '../base/transforms.js';
import type { CoreQuantizationOptions, CoreRecognized } from '../core/converter-types.js';
import type { Precision } from '../weights/manifest.js';
import { findWeights } from '../weights/registry.js';
import type { ConvertProgress } from './phases.js';

/** What was understood of a checkpoint. */
export type Recognized = CoreRecognized;

/** How the reach of activations is found. */
export const RANGES = ['squares', 'percentile', 'extremes'] as const;

/** Bits a weight of the encoding 'compact'. */
export const COMPACT_BITS = 4.2;

/** Where nothing else is said. */
export const CONVERSION_DEFAULTS = { calibrationImages: 64, shardBytes: 4 * 2 ** 20, mostThreads: 8 } as const;

/** How to convert a checkpoint, wherever it lies. */
export interface ConversionSettings {
  /** Which of several networks in it: the key that is printed, or a part of it. */
  stateDict?: string | undefined;
  /** Converts the body alone, for `embed` and `features`. */
  noHead?: boolean;
  name: string;
  transforms: Transforms;
  /** What makes scores of the logits. Default: softmax, or sigmoid for one class. */
  activation?: Activation | undefined;
  precisions: readonly Precision[];
  calibrationImages: number;
  quantization: CoreQuantizationOptions;
  /** Stores shards as gzip files, where that makes them smaller by a few percent. */
  compress: boolean;
  shardBytes: number;
  threads: number;
  meta?: Record<string, unknown>;
  /** Called often. */
  onProgress?: (progress: ConvertProgress) => void;
  /** Called once, with what was understood of the checkpoint. */
  onRecognized?: (network: Recognized) => void;
  /** Called for photos that are left out. */
  onWarning?: (message: string) => void;
}

/** What may be said of the quantization. */
export interface QuantizationChoices {
  /** 'plain' (default), or 'compact': coarser weights, half the download. */
  encoding?: 'plain' | 'compact' | undefined;
  /** Only 'compact': about so many bits per weight, 1 to 8. Default 4.2. */
  bits?: number | undefined;
  /** How the reach of activations is found. Default 'squares', which leaves more room after generated pictures. */
  ranges?: (typeof RANGES)[number] | undefined;
  /** False leaves out matching to batch norm, to see what it is worth; so do the next three. Default true. */
  matching?: boolean | undefined;
  equalization?: boolean | undefined;
  compensation?: boolean | undefined;
  biasCorrection?: boolean | undefined;
  /** Compensation: share of the mean variance that steadies it, over 0. Default 0.01. */
  damping?: number | undefined;
  /** Compensation: distrust of what few patches say, 0 none. Default 1. */
  shrinkage?: number | undefined;
  /** Only 'compact': what a bit is worth against error, 0 nothing. Default 1. */
  rateWeight?: number | undefined;
}

/** The whole of it. */
export function quantizationSettings(choices: QuantizationChoices): CoreQuantizationOptions {
  const { encoding, bits = COMPACT_BITS, ranges = 'squares', damping = 0.01, shrinkage = 1, rateWeight = 1 } = choices;
  const { matching = true, equalization = true, compensation = true, biasCorrection = true } = choices;
  return {
    equalize: equalization,
    ranges,
    compensate: compensation,
    matchBatchNorm: matching,
    correctBias: biasCorrection,
    ...{ damping, shrinkage },
    compactBits: encoding === 'compact' ? bits : 0,
    rateWeight,
  };
}

/** torchvision's meta of a variant, without the class names, which manifests have apart. */
export function metaOf(name: string): Record<string, unknown> {
  const { categories, ...meta } = findWeights(name)?.meta ?? { categories: [] };
  return meta;
}
