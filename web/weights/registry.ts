/**
 * The pre-trained variants, torchvision's enum and our own demo: address, transforms, meta and labels of each. Loading a model needs
 * variants.ts only, so that bundlers leave the labels out of pages that do not ask for them here.
 */
import imagenet from '../../weights/imagenet-1k.json' with { type: 'json' };
import registry from '../../weights/registry.json' with { type: 'json' };
import { mergeTransforms, type Transforms } from '../base/transforms.js';
import type { Category } from './manifest.js';
import { DEFAULT_NAME, spelledOut, unknownWeights, type WeightsName } from './variants.js';

/** torchvision's `weights.meta`. */
export interface WeightsMeta {
  /** Class names by index. */
  readonly categories: readonly string[];
  readonly num_params: number;
  readonly min_size: readonly [number, number];
  readonly recipe: string;
  readonly _metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly _docs: string;
  readonly [key: string]: unknown;
}

/** ImageNet-1k's classes in torchvision's order. */
export const IMAGENET_CATEGORIES: readonly Category[] = imagenet;

/** An entry of {@link ResNet50_Weights}. */
export class Weights {
  /** 'IMAGENET1K_V1', 'IMAGENET1K_V2' or 'CIFAR10_DEMO'. */
  readonly name: WeightsName;
  /**
   * torchvision's checkpoint; eight digits of its sha256 are part of the file name. null for CIFAR10_DEMO, whose converted
   * weights are part of the package.
   */
  readonly url: string | null;
  /** What torchvision says of the variant, or, of CIFAR10_DEMO, what was measured when it was made. */
  readonly meta: WeightsMeta;
  readonly #transforms: Transforms;

  /** @internal */
  constructor(name: WeightsName, url: string | null, meta: WeightsMeta, transforms: Transforms) {
    this.name = name;
    this.url = url;
    this.meta = meta;
    this.#transforms = transforms;
  }

  /**
   * The preprocessing that belongs to the weights, with overrides, like torchvision's `weights.transforms(...)`.
   * @throws ResNet50Error INVALID_ARGUMENT naming the field
   */
  transforms(overrides: Partial<Transforms> = {}): Transforms {
    return mergeTransforms(this.#transforms, overrides);
  }

  /** 'ResNet50_Weights.IMAGENET1K_V2' */
  toString(): string {
    return `ResNet50_Weights.${this.name}`;
  }
}

function entry(name: WeightsName): Weights {
  const { url, meta, transforms } = registry[name];
  // ImageNet's labels have a file of their own.
  const categories: string[] = 'categories' in meta ? [...meta.categories] : IMAGENET_CATEGORIES.map((c) => c.label);
  return new Weights(
    name,
    url,
    Object.freeze({ ...meta, categories: Object.freeze(categories) }) as unknown as WeightsMeta,
    transforms as unknown as Transforms,
  );
}

const IMAGENET1K_V1 = /* @__PURE__ */ entry('IMAGENET1K_V1');
const IMAGENET1K_V2 = /* @__PURE__ */ entry('IMAGENET1K_V2');
const CIFAR10_DEMO = /* @__PURE__ */ entry('CIFAR10_DEMO');

/**
 * torchvision's enum of the same name, and one entry of ours, `CIFAR10_DEMO`. `DEFAULT` is the same object as the best of
 * torchvision's variants.
 */
export const ResNet50_Weights = /* @__PURE__ */ enumeration();

function enumeration(): Readonly<Record<WeightsName | 'DEFAULT', Weights>> {
  const DEFAULT = DEFAULT_NAME === 'IMAGENET1K_V1' ? IMAGENET1K_V1 : IMAGENET1K_V2;
  return Object.freeze({ IMAGENET1K_V1, IMAGENET1K_V2, CIFAR10_DEMO, DEFAULT });
}

/** The entry of a name in any of torchvision's spellings, or undefined. */
export function findWeights(name: string): Weights | undefined {
  const spelled = spelledOut(name);
  return spelled && ResNet50_Weights[spelled];
}

/**
 * The entry of a name: 'DEFAULT', 'IMAGENET1K_V2' or 'ResNet50_Weights.IMAGENET1K_V2'.
 * @throws ResNet50Error UNKNOWN_WEIGHTS listing the names that exist
 */
export function getWeight(name: string): Weights {
  const found = findWeights(name);
  if (found === undefined) throw unknownWeights(name);
  return found;
}
