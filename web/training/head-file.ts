/**
 * Heads as safetensors files: fc.weight and fc.bias (or the examples of 'knn'), and in the metadata what they were made
 * on. Every byte is checked on the way in: files may come from anywhere.
 */

import { ACTIVATIONS, type Activation } from '../base/activation.js';
import { type Fields, isFields } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { FEATURES } from '../base/resnet50.js';
import { formatSafetensors } from '../base/safetensors.js';
import { findTransformsFault, mergeTransforms, type Transforms } from '../base/transforms.js';
import type { Head, HeadOrigin } from '../protocol/head.js';

/** `format` in the metadata. */
const FORMAT = 'resnet50-wasm head';
const VERSION = '1';
const MAX_HEADER = 16 * 2 ** 20;
const MAX_CLASSES = 1_000_000;

type Numbers = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
interface Tensor {
  dtype: 'F32' | 'I32';
  shape: readonly number[];
  data: Numbers;
}

/** Tensors of a head by name; those with letters that sort first come first, so that a head always gives the same bytes. */
function tensorsOf(head: Head): Record<string, Tensor> {
  if (head.method === 'head') {
    const classes = head.classes.length;
    return {
      'fc.weight': { dtype: 'F32', shape: [classes, FEATURES], data: head.weight },
      'fc.bias': { dtype: 'F32', shape: [classes], data: head.bias },
    };
  }
  return {
    'knn.embeddings': { dtype: 'F32', shape: [head.labels.length, FEATURES], data: head.embeddings },
    'knn.labels': { dtype: 'I32', shape: [head.labels.length], data: head.labels },
  };
}

/** The bytes of a safetensors file. */
export function formatHead(head: Head): Uint8Array<ArrayBuffer> {
  const { classes, weights, precision, transforms, method } = head;
  const metadata: Record<string, string> = {
    ...{ format: FORMAT, version: VERSION, method, classes: JSON.stringify(classes) },
    ...{ weights: weights ?? '', precision, transforms: JSON.stringify(transforms) },
    ...(head.method === 'knn' ? { k: String(head.k) } : head.activation && { activation: head.activation }),
  };
  const tensors = Object.entries(tensorsOf(head)).map(([name, { dtype, shape, data }]) => ({
    ...{ name, dtype, shape },
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));
  return formatSafetensors(tensors, metadata);
}

const broken = (name: string, why: string): ResNet50Error =>
  new ResNet50Error('WEIGHTS_FORMAT', `${name} ${why}: it is no head that model.save() wrote`, { subject: name });
const mismatch = (name: string, why: string): ResNet50Error =>
  new ResNet50Error('WEIGHTS_MISMATCH', `${name} ${why}`, { subject: name });

function parseJson(text: unknown, name: string, what: string): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    throw broken(name, `has ${what} that is not JSON`);
  }
}

function headerOf(bytes: Uint8Array, name: string): { header: Fields; begin: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : Number.NaN;
  if (!(length >= 2 && length <= MAX_HEADER && 8 + length <= bytes.length)) {
    throw broken(name, 'is no safetensors file, or ends too early');
  }
  const header = parseJson(new TextDecoder().decode(bytes.subarray(8, 8 + length)), name, 'a header');
  if (!isFields(header)) throw broken(name, 'has no header');
  return { header, begin: 8 + length };
}

/** A tensor's numbers, copied; its shape must be `[rows, ...rest]`. */
function take(
  { header, begin }: { header: Fields; begin: number },
  bytes: Uint8Array,
  [tensor, dtype]: readonly [string, 'F32' | 'I32'],
  rest: readonly number[],
  name: string,
): { rows: number; data: ArrayBuffer } {
  const entry = header[tensor];
  if (!isFields(entry)) throw broken(name, `has no tensor ${tensor}`);
  const { shape, data_offsets: offsets } = entry;
  if (entry.dtype !== dtype) throw broken(name, `has a ${tensor} of type ${JSON.stringify(entry.dtype)}, not ${dtype}`);
  if (!Array.isArray(shape) || shape.length !== rest.length + 1 || !shape.every(Number.isInteger))
    throw broken(name, `has a misshaped ${tensor}`);
  const [rows, ...columns] = shape as number[];
  if (columns.some((n, i) => n !== rest[i])) {
    const why = `has a ${tensor} of ${columns.join(' x ')} features, but ResNet-50 has ${FEATURES}: it was made for another network`;
    throw mismatch(name, why);
  }
  if ((rows as number) < 1) throw broken(name, `has a misshaped ${tensor}`);
  const count = columns.reduce((product, n) => product * n, rows as number) * 4;
  const [from, to] = Array.isArray(offsets) ? (offsets as number[]) : [];
  const fits = Number.isInteger(from) && (from as number) >= 0 && to === (from as number) + count;
  if (!fits || begin + (to as number) > bytes.length) throw broken(name, `ends before its ${tensor} does`);
  const first = begin + (from as number);
  return { rows: rows as number, data: new Uint8Array(bytes.subarray(first, first + count)).buffer };
}

/** Two classes of one name could not be told apart in results. */
export const areDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** Largest number of a head: 2048 features times such numbers stay far within float32, whose end is at 3.4e38. */
const MOST = 1e30;

/** False for numbers that would drown or overflow what the network sees: no training makes them. */
export const areUsable = (numbers: Float32Array): boolean => numbers.every((x) => Math.abs(x) <= MOST);

function checkUsable(numbers: Float32Array, tensor: string, name: string): void {
  if (!areUsable(numbers)) throw broken(name, `has a ${tensor} with numbers beyond ${MOST}, or that are none`);
}

function originOf(metadata: Fields, name: string): HeadOrigin {
  const classes = parseJson(metadata.classes, name, 'a list of classes');
  const isNames =
    Array.isArray(classes) &&
    classes.length >= 1 &&
    classes.length <= MAX_CLASSES &&
    classes.every((c) => typeof c === 'string' && c !== '');
  if (!isNames) throw broken(name, 'names no classes');
  if (!areDistinct(classes)) throw broken(name, 'gives two classes one name');
  const transforms = parseJson(metadata.transforms, name, 'transforms');
  const fault = isFields(transforms) ? findTransformsFault(transforms) : { field: '', reason: 'are missing' };
  if (fault !== undefined) throw broken(name, `has transforms whose ${fault.field} ${fault.reason}`);
  const precision = metadata.precision === 'f32' ? 'f32' : 'int8';
  const weights = typeof metadata.weights === 'string' && metadata.weights !== '' ? metadata.weights : null;
  return { classes, weights, precision, transforms: mergeTransforms(transforms as Transforms) };
}

/** Absent from heads that `fit` made. */
function activationOf({ activation }: Fields, name: string): { activation?: Activation } {
  const known = ACTIVATIONS.find((a) => a === activation);
  if (activation !== undefined && known === undefined) throw broken(name, `has the unknown activation '${activation}'`);
  return known === undefined ? {} : { activation: known };
}

/**
 * Reads and checks a head.
 * @param name of the file, for messages
 * @throws ResNet50Error WEIGHTS_FORMAT (not a head, or damaged), WEIGHTS_MISMATCH (another network's)
 */
export function parseHead(bytes: Uint8Array, name: string): Head {
  const parsed = headerOf(bytes, name);
  const metadata = parsed.header.__metadata__;
  if (!isFields(metadata) || metadata.format !== FORMAT)
    throw broken(name, `has no format '${FORMAT}' in its metadata`);
  const strange = Object.entries(metadata).find(([, value]) => typeof value !== 'string');
  if (strange !== undefined) throw broken(name, `has ${strange[0]} in its metadata that is no text`);
  if (metadata.version !== VERSION) {
    throw mismatch(name, `has version ${metadata.version}, and this package reads ${VERSION}: update resnet50-wasm`);
  }
  const origin = originOf(metadata, name);
  const classes = origin.classes.length;
  if (metadata.method === 'head') {
    const weight = take(parsed, bytes, ['fc.weight', 'F32'], [FEATURES], name);
    const bias = take(parsed, bytes, ['fc.bias', 'F32'], [], name);
    if (weight.rows !== classes || bias.rows !== classes) {
      throw broken(name, `names ${classes} classes, but has weights of ${weight.rows} and biases of ${bias.rows}`);
    }
    const parts = { weight: new Float32Array(weight.data), bias: new Float32Array(bias.data) };
    checkUsable(parts.weight, 'fc.weight', name);
    checkUsable(parts.bias, 'fc.bias', name);
    return { method: 'head', ...origin, ...parts, ...activationOf(metadata, name) };
  }
  if (metadata.method !== 'knn') throw broken(name, `has the unknown method '${metadata.method}'`);
  const embeddings = take(parsed, bytes, ['knn.embeddings', 'F32'], [FEATURES], name);
  const labels = take(parsed, bytes, ['knn.labels', 'I32'], [], name);
  if (labels.rows !== embeddings.rows) throw broken(name, 'has not a label for each example');
  const k = Number(metadata.k);
  if (!Number.isInteger(k) || k < 1 || k > labels.rows) throw broken(name, `lets ${metadata.k} examples vote`);
  const [examples, indices] = [new Float32Array(embeddings.data), new Int32Array(labels.data)];
  checkUsable(examples, 'knn.embeddings', name);
  return { method: 'knn', ...origin, embeddings: examples, labels: indices, k };
}
