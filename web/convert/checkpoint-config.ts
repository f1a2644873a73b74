/**
 * What timm's and Hugging Face's files beside a checkpoint say of its preprocessing (`preprocessor_config.json`,
 * `config.json`), in this package's terms. What cannot be said in them is refused by name: a near miss would give wrong
 * answers silently.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Activation } from '../base/activation.js';
import { type Fields, isFields } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { fileError, systemCode } from '../base/files.node.js';
import { findTransformsFault, type Interpolation, type Transforms } from '../base/transforms.js';

/** Transforms, and the file that they were read from. */
export interface FoundTransforms {
  path: string;
  transforms: Transforms;
}

/** Lists of 20,000 labels fit. */
const MAX_BYTES = 16 * 2 ** 20;
const INSTEAD = 'give --transforms, or --resize and --crop, instead';

type Given = Partial<Transforms>;
type Sizes = Pick<Transforms, 'resizeSize' | 'cropSize'>;
type Refuse = (why: string) => ResNet50Error;

const refusal =
  (path: string): Refuse =>
  (why) =>
    new ResNet50Error('INVALID_ARGUMENT', `${path}: ${why}: ${INSTEAD}`, { subject: path });

/** The object in a JSON file; undefined where there is no such file. */
async function readConfig(path: string): Promise<Fields | undefined> {
  const refuse = refusal(path);
  const facts = await stat(path).catch((error) => {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw fileError(path, error);
  });
  if (facts === undefined) return undefined;
  if (!facts.isFile() || facts.size > MAX_BYTES) throw refuse(`is not a file of at most ${MAX_BYTES / 2 ** 20} MiB`);
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError(path, error);
  });
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch {
    throw refuse('is not valid JSON');
  }
  throw refuse('does not hold a JSON object');
}

const positive = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v) && v > 0;
const isShare = (v: unknown): v is number => positive(v) && v <= 1;

/** By name (timm, torchvision) and by Pillow's number. */
const INTERPOLATIONS: ReadonlyMap<unknown, Interpolation> = new Map<unknown, Interpolation>([
  ['nearest', 'nearest'],
  [0, 'nearest'],
  ['bilinear', 'bilinear'],
  [2, 'bilinear'],
  ['bicubic', 'bicubic'],
  [3, 'bicubic'],
]);

function interpolationOf(field: string, value: unknown, refuse: Refuse): Interpolation {
  const found = INTERPOLATIONS.get(typeof value === 'string' ? value.toLowerCase() : value);
  if (found !== undefined) return found;
  const known = 'nearest (0), bilinear (2) or bicubic (3)';
  throw refuse(`${field} ${JSON.stringify(value)} is not ${known}, which --interpolation can set`);
}

const isTriple = (v: unknown): v is [number, number, number] =>
  Array.isArray(v) && v.length === 3 && v.every(Number.isFinite);

function tripleOf(field: string, value: unknown, refuse: Refuse): [number, number, number] {
  if (typeof value === 'number' && Number.isFinite(value)) return [value, value, value];
  if (isTriple(value)) return value;
  throw refuse(`${field} must be three numbers; --mean and --std override it`);
}

/** The one side of a square: a number, or { height, width } that are equal. */
function squareSide(v: unknown): number | undefined {
  if (positive(v)) return v;
  return isFields(v) && positive(v.height) && v.height === v.width ? v.height : undefined;
}

/** A size that keeps the picture's proportions: a number, or { shortest_edge }. */
function shortestEdge(v: unknown): number | undefined {
  if (positive(v)) return v;
  return isFields(v) && positive(v.shortest_edge) ? v.shortest_edge : undefined;
}

/** ConvNext's processor enlarges by this where the config does not say by what; and squeezes from this side on. */
const CONVNEXT = { cropPct: 224 / 256, squeezesFrom: 384 };

/** How a processor of Hugging Face's resizes and crops. */
function processorSizes(config: Fields, refuse: Refuse): Sizes {
  const type = String(config.image_processor_type ?? config.feature_extractor_type ?? '');
  const { size, crop_size: crop, crop_pct: share, do_resize: resizes = true, do_center_crop: crops } = config;
  if (resizes !== true) throw refuse('do_resize is off, but this network needs pictures of one size');
  const edge = shortestEdge(size);
  if (edge === undefined) {
    const what =
      squareSide(size) === undefined ? 'has no size with a shortest_edge' : 'squeezes pictures into a square';
    throw refuse(`${what} (size: ${JSON.stringify(size)}), and this package keeps their proportions`);
  }
  const convnext = /^ConvNext/i.test(type);
  if (convnext || (share !== undefined && share !== null)) {
    const part = share ?? CONVNEXT.cropPct;
    if (!isShare(part)) throw refuse('crop_pct must be a number over 0, at most 1');
    if (convnext && edge >= CONVNEXT.squeezesFrom)
      throw refuse(`squeezes pictures of ${edge} pixels into a square, and this package keeps their proportions`);
    return { resizeSize: Math.trunc(edge / part), cropSize: convnext ? edge : (squareSide(crop) ?? edge) };
  }
  const side = squareSide(crop);
  if (crops !== true || side === undefined)
    throw refuse('has no center crop to a square (do_center_crop, crop_size), which this network needs');
  return { resizeSize: edge, cropSize: side };
}

/** mean and std for pixels of 0..1; processors may leave either step out, or rescale by another factor. */
function processorNormalization(config: Fields, given: Given, refuse: Refuse): Pick<Transforms, 'mean' | 'std'> {
  const { do_rescale: rescales = true, do_normalize: normalizes = true, rescale_factor: factor = 1 / 255 } = config;
  if (rescales === true && !positive(factor)) throw refuse('rescale_factor must be a number over 0');
  const unit = rescales === true ? 255 * (factor as number) : 255;
  const scaled = (values: readonly number[]) =>
    (Math.abs(unit - 1) < 1e-6 ? [...values] : values.map((v) => v / unit)) as [number, number, number];
  if (normalizes !== true) return { mean: scaled([0, 0, 0]), std: scaled([1, 1, 1]) };
  return {
    mean: given.mean ?? scaled(tripleOf('image_mean', config.image_mean, refuse)),
    std: given.std ?? scaled(tripleOf('image_std', config.image_std, refuse)),
  };
}

function fromProcessor(config: Fields, given: Given, refuse: Refuse): Transforms {
  return {
    ...sizesOf(given, () => processorSizes(config, refuse)),
    interpolation: given.interpolation ?? interpolationOf('resample', config.resample, refuse),
    antialias: true,
    ...processorNormalization(config, given, refuse),
  };
}

/** What timm takes for a field that is absent (timm.data.resolve_data_config). */
const TIMM: Fields = {
  input_size: [3, 224, 224],
  crop_pct: 0.875,
  crop_mode: 'center',
  interpolation: 'bicubic',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** The part of a config.json that timm wrote: `pretrained_cfg`, or in older files the whole. */
function timmPart(config: Fields): Fields | undefined {
  const part = isFields(config.pretrained_cfg) ? config.pretrained_cfg : config;
  if (part === config && !(typeof config.architecture === 'string' && Array.isArray(config.input_size)))
    return undefined;
  const given = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
  return { ...TIMM, ...Object.fromEntries(given) };
}

function timmSizes({ input_size: input, crop_pct: share, crop_mode: mode }: Fields, refuse: Refuse): Sizes {
  const [channels, side, width] = Array.isArray(input) ? (input as unknown[]) : [];
  if (channels !== 3 || !positive(side) || width !== side) throw refuse('input_size must be [3, N, N]');
  if (!isShare(share)) throw refuse('crop_pct must be a number over 0, at most 1');
  if (mode !== 'center')
    throw refuse(`crop_mode ${JSON.stringify(mode)} is not 'center', the only one this package has`);
  return { resizeSize: Math.floor(side / share), cropSize: side };
}

function fromTimm(config: Fields, given: Given, refuse: Refuse): Transforms {
  return {
    ...sizesOf(given, () => timmSizes(config, refuse)),
    interpolation: given.interpolation ?? interpolationOf('interpolation', config.interpolation, refuse),
    antialias: true,
    mean: given.mean ?? tripleOf('mean', config.mean, refuse),
    std: given.std ?? tripleOf('std', config.std, refuse),
  };
}

/** What was given goes first; a config that cannot say the rest is not asked where nothing is left. */
function sizesOf({ resizeSize, cropSize }: Given, read: () => Sizes): Sizes {
  if (resizeSize !== undefined && cropSize !== undefined) return { resizeSize, cropSize };
  const found = read();
  return { resizeSize: resizeSize ?? found.resizeSize, cropSize: cropSize ?? found.cropSize };
}

/** A config is there, and says nothing of preprocessing: model configs of Hugging Face's, files of other programs. */
const saysNothing = (config: Fields): boolean => !['size', 'crop_size', 'image_mean'].some((key) => key in config);

/**
 * The preprocessing that a config beside a checkpoint tells, with what was given in place of its parts.
 * @returns undefined where no config tells any
 * @throws ResNet50Error INVALID_ARGUMENT naming the file and the field, FILE_NOT_FOUND for files that cannot be read
 */
export async function configTransforms(checkpoint: string, given: Given): Promise<FoundTransforms | undefined> {
  const folder = dirname(checkpoint);
  const at = (name: string) => join(folder, name);
  const processor = await readConfig(at('preprocessor_config.json'));
  if (processor !== undefined && !saysNothing(processor))
    return checked(at('preprocessor_config.json'), (refuse) => fromProcessor(processor, given, refuse));
  const model = await readConfig(at('config.json'));
  const timm = model && timmPart(model);
  return timm && checked(at('config.json'), (refuse) => fromTimm(timm, given, refuse));
}

function checked(path: string, read: (refuse: Refuse) => Transforms): FoundTransforms {
  const refuse = refusal(path);
  const transforms = read(refuse);
  const found = findTransformsFault({ ...transforms });
  if (found !== undefined)
    throw refuse(`gives ${found.field} ${transforms[found.field as keyof Transforms]}, which ${found.reason}`);
  return { path, transforms };
}

/**
 * 'sigmoid' where Hugging Face's config.json beside a checkpoint says that several classes may apply. What cannot be read
 * says nothing: the file may be another program's.
 */
export async function configActivation(checkpoint: string): Promise<Activation | undefined> {
  const config = await readConfig(join(dirname(checkpoint), 'config.json')).catch(() => undefined);
  return config?.problem_type === 'multi_label_classification' ? 'sigmoid' : undefined;
}
