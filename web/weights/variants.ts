/**
 * Names of the pre-trained variants, torchvision's and our own: all that loading one needs to know beforehand. What is said
 * of them (weights/registry.json, registry.ts) stays out of pages that do not ask for it; tests hold the two together.
 */
import { ResNet50Error } from '../base/errors.js';
import type { Transforms } from '../base/transforms.js';

const NAMES = ['IMAGENET1K_V1', 'IMAGENET1K_V2', 'CIFAR10_DEMO'] as const;

/** Names of the variants: torchvision's, as its `ResNet50_Weights` has them, and `CIFAR10_DEMO`, which is ours. */
export type WeightsName = (typeof NAMES)[number];

/** The variant that is part of the package: ten classes, to try things out without a network. */
export const PACKAGED_NAME: WeightsName = 'CIFAR10_DEMO';

/** The best of them, torchvision's `DEFAULT`. */
export const DEFAULT_NAME: WeightsName = 'IMAGENET1K_V2';

/** Transforms of the best of them, and of randomly initialized networks. */
export const DEFAULT_TRANSFORMS: Transforms = {
  ...{ resizeSize: 232, cropSize: 224, interpolation: 'bilinear', antialias: true },
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

const PREFIX = 'ResNet50_Weights.';

/** Every variant's name, `DEFAULT` apart. */
export const listWeights = (): WeightsName[] => [...NAMES];

/** 'DEFAULT', 'IMAGENET1K_V2' and 'ResNet50_Weights.IMAGENET1K_V2' are all 'IMAGENET1K_V2'; undefined for other names. */
export function spelledOut(name: string): WeightsName | undefined {
  const key = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  return key === 'DEFAULT' ? DEFAULT_NAME : NAMES.find((known) => known === key);
}

/** The clause on a name that is no variant's, for error messages. */
export const NO_VARIANT = `neither a known name (${['DEFAULT', ...NAMES].join(', ')})`;

/** The error for a name that is in no list; `more` is a clause on where else it was sought. */
export function unknownWeights(name: string, more = ''): ResNet50Error {
  const names = ['DEFAULT', ...NAMES].join(', ');
  return new ResNet50Error('UNKNOWN_WEIGHTS', `there are no weights named '${name}': there are ${names}${more}`, {
    subject: name,
  });
}
