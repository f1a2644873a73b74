/**
 * The manifest of a weight variant: what its shards are, what they promise, and how to use them. Written by the
 * converter, read by `load`, hand-validated because it may come from anywhere.
 */

import { ACTIVATIONS, type Activation } from '../base/activation.js';
import { type Fields, isFields } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { findTransformsFault, type Transforms } from '../base/transforms.js';
import type { Measures } from './measures.js';

/** Manifests of this version are written and read; later ones are refused by name. */
export const MANIFEST_VERSION = 1;
/** `format` of every manifest. */
export const MANIFEST_FORMAT = 'resnet50-wasm';
/** Name of the file, beside the shards. */
export const MANIFEST_FILE = 'manifest.json';

/** Arithmetic of the convolutions. */
export type Precision = 'int8' | 'f32';

/** One class: its name, and its WordNet id where it has one ('n02085620'). */
export interface Category {
  wnid?: string | undefined;
  label: string;
}

/** One safetensors file, as it is stored. */
export interface Shard {
  /** Plain file name, relative to the manifest. */
  file: string;
  /** Exact length of the stored file. */
  bytes: number;
  /** Of the stored file: 64 lower-case hex digits. */
  sha256: string;
  /** How the safetensors file was compressed; absent where it was not. */
  encoding?: 'gzip';
  /** Its length when decoded; there with `encoding`. */
  decodedBytes?: number;
}

/** What the quantization did, and what it cost. */
export interface QuantizationFacts {
  /** 'plain': as fine as eight bits are; 'compact': coarser weights that compress well. */
  encoding: 'plain' | 'compact';
  /** 'compensated': each weight makes up for the rounding of others; 'nearest'. */
  rounding: 'compensated' | 'nearest';
  ranges: 'extremes' | 'percentile' | 'squares';
  equalized: boolean;
  biasCorrected: boolean;
  /** Generated calibration images were seen with the means and deviations that batch norm expects; absent: no. */
  batchNormMatched?: true;
  /** The checkpoint repeats short vectors of weights, and so do the shards ('compact' only). */
  repeatsVectors: boolean;
  /** Signal-to-noise of each stored tensor against f32 on calibration images, dB, in network order. */
  layers: Record<string, number>;
  /** Of labeled images, where some were given: the int8 network, and the f32 network on the same. */
  measured?: { int8: Measures; f32: Measures };
}

/** The contents of `manifest.json`. */
export interface Manifest {
  format: typeof MANIFEST_FORMAT;
  version: typeof MANIFEST_VERSION;
  /** Variant, for example 'IMAGENET1K_V2'. */
  name: string;
  /** Free-form facts (torchvision's meta for its own variants). */
  meta: Record<string, unknown>;
  transforms: Transforms;
  /** What makes scores of the logits; absent: softmax, or sigmoid for one class. */
  activation?: Activation;
  /** One entry a class, by index. */
  categories: Category[];
  /** Parameters as torchvision counts them. */
  parameters: number;
  /** Real-valued [min, max] of each tensor that int8 needs, by layer. */
  ranges: Record<string, [number, number]>;
  /** Shards of each precision that was converted, in network order. */
  precisions: Partial<Record<Precision, { shards: Shard[] }>>;
  /** The checkpoint that was converted: base name and hash. */
  source: { file: string; sha256: string };
  /** How the ranges were found. */
  calibration: { images: number; kind: 'photos' | 'generated' | 'none' };
  /** There where the network has no classifier: its one class, of zeros, stands in for one. */
  head?: 'none';
  /** How int8 came about; absent from f32 variants and older manifests. */
  quantization?: QuantizationFacts;
  /** Version of this package that wrote the manifest. */
  converter: string;
}

const MAX_CLASSES = 1_000_000;
const MAX_SHARD_BYTES = 2 ** 30;
const MAX_SHARDS = 4096;
/** It crosses to workers, which copy it recursively. */
const MAX_META_DEPTH = 32;
/** Manifests are read whole before anything is known of them. */
export const MAX_MANIFEST_BYTES = 64 * 2 ** 20;

const isWhole = (v: unknown, least: number, most: number): v is number =>
  Number.isSafeInteger(v) && (v as number) >= least && (v as number) <= most;
const isText = (v: unknown): v is string => typeof v === 'string' && v.length > 0;
const isHash = (v: unknown): v is string => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v);
/** No folders, no schemes, no hidden or reserved names: such a name cannot leave the manifest's own folder. */
export const isPlainFileName = (v: unknown): boolean =>
  typeof v === 'string' && v.length <= 255 && /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(v) && !v.includes('..');
/** Names that can be a folder of their own. */
export const isVariantName = (v: unknown): boolean => isPlainFileName(v) && (v as string).length <= 100;

/**
 * Parses and checks the text of a manifest.
 * @param where its path or URL, for messages
 * @throws ResNet50Error MANIFEST_FORMAT naming the field, MANIFEST_TOO_NEW
 */
export function parseManifest(text: string, where: string): Manifest {
  const fault = (field: string, reason: string) =>
    new ResNet50Error('MANIFEST_FORMAT', `${where}: ${field} ${reason}`, { subject: field });
  const check = (ok: boolean, field: string, reason: string): void => {
    if (!ok) throw fault(field, reason);
  };

  const value = parseJson(text, where);
  check(
    value.format === MANIFEST_FORMAT,
    'format',
    `must be '${MANIFEST_FORMAT}': this is no manifest of this package`,
  );
  if (isWhole(value.version, MANIFEST_VERSION + 1, Number.MAX_SAFE_INTEGER)) {
    throw new ResNet50Error(
      'MANIFEST_TOO_NEW',
      `${where}: manifest version ${value.version} is later than ${MANIFEST_VERSION}, the one this package reads: update resnet50-wasm`,
      { subject: 'version' },
    );
  }
  check(value.version === MANIFEST_VERSION, 'version', `must be ${MANIFEST_VERSION}`);
  check(isVariantName(value.name), 'name', 'must be a plain name of letters, digits, dots, hyphens and underscores');
  check(isFields(value.meta), 'meta', 'must be an object');
  check(
    depthOf(value.meta, MAX_META_DEPTH) <= MAX_META_DEPTH,
    'meta',
    `must not be nested over ${MAX_META_DEPTH} deep`,
  );
  check(isFields(value.transforms), 'transforms', 'must be an object');
  const transformsFault = findTransformsFault(value.transforms as Fields);
  if (transformsFault) throw fault(`transforms.${transformsFault.field}`, transformsFault.reason);
  const activations: readonly unknown[] = [undefined, ...ACTIVATIONS];
  check(activations.includes(value.activation), 'activation', `must be ${ACTIVATIONS.join(', ')} or absent`);
  checkCategories(value.categories, check);
  check(isWhole(value.parameters, 1, 1e12), 'parameters', 'must be a whole number');
  checkRanges(value.ranges, check);
  checkPrecisions(value.precisions, check);
  check(
    isFields(value.source) && isText(value.source.file) && isHash(value.source.sha256),
    'source',
    'must have a file name and a sha256',
  );
  check(
    isFields(value.calibration) &&
      isWhole(value.calibration.images, 0, 1e9) &&
      ['photos', 'generated', 'none'].includes(value.calibration.kind as string),
    'calibration',
    "must have images (a count) and kind ('photos', 'generated' or 'none')",
  );
  if (value.quantization !== undefined) checkQuantization(value.quantization, check);
  check(value.head === undefined || value.head === 'none', 'head', "must be 'none' or absent");
  check(isText(value.converter), 'converter', 'must be a version');
  return copyOf(value as unknown as Manifest);
}

/** The named fields of an object, those that it has, in its order. */
const pick = <T extends object>(value: T, ...names: readonly (keyof T)[]): T =>
  Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name as keyof T))) as T;

const same = <T>(value: T): T => value;

/** How each field is copied: what was checked, and nothing else. */
const COPIES: { readonly [K in keyof Manifest]-?: (value: NonNullable<Manifest[K]>) => Manifest[K] } = {
  ...{ format: same, version: same, name: same, meta: same, parameters: same, converter: same },
  ...{ activation: same, head: same },
  transforms: (v) => pick(v, 'resizeSize', 'cropSize', 'interpolation', 'antialias', 'mean', 'std'),
  categories: (v) => v.map((category) => pick(category, 'wnid', 'label')),
  ranges: (v) => ({ ...v }),
  precisions: (v) =>
    Object.fromEntries(
      Object.entries(v).map(([precision, { shards }]) => [precision, { shards: shards.map(shardOf) }]),
    ),
  source: (v) => pick(v, 'file', 'sha256'),
  calibration: (v) => pick(v, 'images', 'kind'),
  quantization: (v) => pick(v, ...QUANTIZATION_FIELDS),
};

const shardOf = (shard: Shard): Shard => pick(shard, 'file', 'bytes', 'sha256', 'encoding', 'decodedBytes');

/** Fields that we do not know must not get into results that ours are merged with. */
const copyOf = (value: Manifest): Manifest =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => Object.hasOwn(COPIES, name))
      .map(([name, field]) => [name, COPIES[name as keyof Manifest](field as never)]),
  ) as unknown as Manifest;

/** How deep an object is nested, or a number over `most`. */
function depthOf(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (most === 0) return 1;
  return 1 + Object.values(value).reduce((deepest: number, v) => Math.max(deepest, depthOf(v, most - 1)), 0);
}

type Check = (ok: boolean, field: string, reason: string) => void;

function parseJson(text: string, where: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch (cause) {
    const what = looksLikeHtml(text) ? 'is an HTML page, not a manifest' : 'is not valid JSON';
    throw new ResNet50Error('MANIFEST_FORMAT', `${where} ${what}`, { subject: where, cause });
  }
  throw new ResNet50Error('MANIFEST_FORMAT', `${where} must hold a JSON object`, { subject: where });
}

function checkCategories(value: unknown, check: Check): void {
  check(
    Array.isArray(value) && value.length >= 1 && value.length <= MAX_CLASSES,
    'categories',
    'must be a list with one entry a class',
  );
  (value as unknown[]).forEach((entry, i) => {
    const ok = isFields(entry) && isText(entry.label) && (entry.wnid === undefined || isText(entry.wnid));
    check(ok, `categories[${i}]`, 'must have a label (and may have a wnid)');
  });
}

function checkRanges(value: unknown, check: Check): void {
  check(isFields(value), 'ranges', 'must be an object');
  for (const [layer, range] of Object.entries(value as Fields)) {
    const ok = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] < range[1];
    check(ok, `ranges.${layer}`, 'must be [min, max], min < max');
  }
}

function checkPrecisions(value: unknown, check: Check): void {
  check(isFields(value) && Object.keys(value).length > 0, 'precisions', 'must name at least one precision');
  for (const [precision, entry] of Object.entries(value as Fields)) {
    const field = `precisions.${precision}`;
    check(precision === 'int8' || precision === 'f32', field, "must be 'int8' or 'f32'");
    const shards: unknown = isFields(entry) ? entry.shards : undefined;
    check(
      Array.isArray(shards) && shards.length >= 1 && shards.length <= MAX_SHARDS,
      `${field}.shards`,
      'must be a list of shards',
    );
    const seen = new Set<string>();
    (shards as unknown[]).forEach((shard, i) => {
      const at = `${field}.shards[${i}]`;
      check(isFields(shard), at, 'must be an object');
      const { file, bytes, sha256, encoding, decodedBytes } = shard as Fields;
      check(isPlainFileName(file), `${at}.file`, 'must be a plain file name beside the manifest');
      check(!seen.has(file as string), `${at}.file`, 'is there twice');
      seen.add(file as string);
      check(isWhole(bytes, 8, MAX_SHARD_BYTES), `${at}.bytes`, `must be a whole number, 8 to ${MAX_SHARD_BYTES}`);
      check(isHash(sha256), `${at}.sha256`, 'must be 64 lower-case hex digits');
      check(encoding === undefined || encoding === 'gzip', `${at}.encoding`, "must be 'gzip' or absent");
      const length = encoding === undefined ? decodedBytes === undefined : isWhole(decodedBytes, 8, MAX_SHARD_BYTES);
      check(length, `${at}.decodedBytes`, 'must be there, as a whole number, with an encoding and only then');
    });
  }
}

const QUANTIZATION_FIELDS = [
  'encoding',
  'rounding',
  'ranges',
  'equalized',
  'biasCorrected',
  'batchNormMatched',
  'repeatsVectors',
  'layers',
  'measured',
] as const;

const QUANTIZATION_WORDS: Readonly<Record<string, readonly unknown[]>> = {
  encoding: ['plain', 'compact'],
  rounding: ['compensated', 'nearest'],
  ranges: ['extremes', 'percentile', 'squares'],
  equalized: [true, false],
  biasCorrected: [true, false],
  repeatsVectors: [true, false],
};
const MEASURES = ['images', 'top1', 'top5', 'agreement', 'meanKl', 'signalToNoise'];

function checkQuantization(value: unknown, check: Check): void {
  check(isFields(value), 'quantization', 'must be an object');
  const facts = value as Fields;
  const { batchNormMatched = true } = facts;
  check(batchNormMatched === true, 'quantization.batchNormMatched', 'must be true or absent');
  for (const [field, words] of Object.entries(QUANTIZATION_WORDS)) {
    check(words.includes(facts[field]), `quantization.${field}`, `must be one of ${words.join(', ')}`);
  }
  const isNumbers = (v: unknown): v is Fields => isFields(v) && Object.values(v).every(Number.isFinite);
  check(isNumbers(facts.layers), 'quantization.layers', 'must give a number of each layer');
  if (facts.measured === undefined) return;
  const measured = isFields(facts.measured) ? facts.measured : {};
  for (const precision of ['int8', 'f32']) {
    const of = measured[precision];
    const ok = isNumbers(of) && Object.keys(of).every((k) => MEASURES.includes(k)) && isWhole(of.images, 1, 1e9);
    check(ok, `quantization.measured.${precision}`, `must have numbers: ${MEASURES.join(', ')}`);
  }
}

/** The text of a manifest: the same value always gives the same bytes. */
export const formatManifest = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 1)}\n`;

/** True for what single-page servers send in place of a missing file. */
export const looksLikeHtml = (start: string): boolean => /^\s*(?:<!doctype|<html|<head|<body|<\?xml|<!--)/i.test(start);
