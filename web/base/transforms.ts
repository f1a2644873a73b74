/**
 * Preprocessing in plain numbers, as torchvision's ImageClassification preset has it, and the check of what users
 * override.
 */
import { fault, isOptions } from './check.js';

export type Interpolation = 'nearest' | 'bilinear' | 'bicubic';

/**
 * torchvision's `ImageClassification` preset: resize the shorter side, cut a square out of the middle, scale to 0..1,
 * normalize by mean and standard deviation of each channel (RGB). Plain numbers, because they travel to the worker, where
 * the decoder is, and lie in manifests; `model.preprocess` applies them.
 */
export interface Transforms {
  /** Length of the image's shorter side after resizing, pixels. */
  resizeSize: number;
  /** Side of the square cut out of the middle, pixels. */
  cropSize: number;
  interpolation: Interpolation;
  /** As Pillow resizes (true), or as torchvision 0.14 resizes 8-bit tensors unless told otherwise (false). */
  antialias: boolean;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

const INTERPOLATIONS: readonly string[] = ['nearest', 'bilinear', 'bicubic'] satisfies Interpolation[];
/** Sides over this would need gigabytes of activations. */
const MAX_SIDE = 4096;

const isSide = (v: unknown, least: number): v is number =>
  typeof v === 'number' && Number.isInteger(v) && v >= least && v <= MAX_SIDE;
const isTriple = (v: unknown): v is readonly [number, number, number] =>
  Array.isArray(v) && v.length === 3 && Array.from(v).every((x) => typeof x === 'number' && isSingle(x)); // a hole is none
/** Finite as a float32, in which the network computes. */
const isSingle = (x: number): boolean => Number.isFinite(Math.fround(x));

/** One rule a field: what is wrong with it, or undefined. */
const RULES: Readonly<Record<keyof Transforms, (v: unknown) => string | undefined>> = {
  resizeSize: (v) => (isSide(v, 1) ? undefined : `must be a whole number of pixels, 1 to ${MAX_SIDE}`),
  cropSize: (v) => (isSide(v, 32) ? undefined : `must be a whole number of pixels, 32 to ${MAX_SIDE}`),
  interpolation: (v) =>
    INTERPOLATIONS.includes(v as string) ? undefined : `must be one of ${INTERPOLATIONS.join(', ')}`,
  // Absent from manifests of earlier converters.
  antialias: (v) => (v === undefined || typeof v === 'boolean' ? undefined : 'must be true or false'),
  mean: (v) => (isTriple(v) ? undefined : 'must be three numbers'),
  std: (v) =>
    isTriple(v) && v.every((x) => x > 0 && isSingle(1 / Math.fround(x)))
      ? undefined
      : 'must be three numbers greater than 0',
};

/** The first fault of a complete set of transforms: field and reason; undefined where there is none. */
export function findTransformsFault(
  value: Readonly<Record<string, unknown>>,
): { field: string; reason: string } | undefined {
  for (const [field, rule] of Object.entries(RULES)) {
    const reason = rule(value[field]);
    if (reason !== undefined) return { field, reason };
  }
  const { mean, std } = value as unknown as Transforms;
  const fits = mean.every((m, i) => [0, 1].every((level) => isSingle((level - m) / std[i as 0])));
  return fits
    ? undefined
    : { field: 'std', reason: 'makes numbers that float32 cannot hold: mean is too large for it' };
}

const given = (overrides: Partial<Transforms>) =>
  Object.fromEntries(Object.entries(overrides).filter(([, v]) => v !== undefined));

/** `base` with the given fields replaced (undefined ones are not). Both were checked before. */
export function overridden(base: Transforms, overrides: Partial<Transforms> = {}): Transforms {
  const all = { ...base, ...given(overrides) } as Transforms;
  const { resizeSize, cropSize, interpolation, antialias = true, mean, std } = all;
  return { resizeSize, cropSize, interpolation, antialias, mean: [...mean], std: [...std] };
}

/**
 * `base` with the overrides of a user.
 * @throws ResNet50Error INVALID_ARGUMENT naming the field, unknown ones included
 */
export function mergeTransforms(base: Transforms, overrides: Partial<Transforms> = {}): Transforms {
  if (!isOptions(overrides)) throw fault('transforms', 'must be an object');
  const unknown = Object.keys(overrides).find((field) => !Object.hasOwn(RULES, field));
  if (unknown !== undefined) {
    throw fault(`transforms.${unknown}`, `is no transform: there are ${Object.keys(RULES).join(', ')}`);
  }
  const found = findTransformsFault({ ...base, ...given(overrides) });
  if (found !== undefined) throw fault(`transforms.${found.field}`, found.reason);
  return overridden(base, overrides);
}

/** A sentence on a normalization that is not the one of the weights, or undefined where it is. */
export function normalizationMismatch(name: string, own: Transforms, used: Transforms): string | undefined {
  const fits = (['mean', 'std'] as const).every((key) =>
    own[key].every((v, i) => Math.abs(v - used[key][i as 0]) < 1e-6),
  );
  if (fits) return undefined;
  const shown = ({ mean, std }: Transforms) => `mean [${mean.join(', ')}] and std [${std.join(', ')}]`;
  return `${name} was trained with ${shown(own)}, but pictures are normalized with ${shown(used)}: its answers will be poor`;
}
