/**
 * Heads of the user's own: read and saved.
 */
import { ACTIVATIONS } from '../base/activation.js';
import { check, checkOneOf, checkOptions, isArrayOf, isCount, isListOf, oneOf } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import type { Limits } from '../base/limits.js';
import { FEATURES } from '../base/resnet50.js';
import { type AddressOpener, prepare } from '../client/inputs.js';
import type { HeadInput } from '../client/options.js';
import type { Head } from '../protocol/head.js';
import { fetchInput } from '../weights/http.js';
import { formatManifest, MANIFEST_FILE } from '../weights/manifest.js';
import type { Parameter } from '../weights/parameters.js';
import type { WeightsSource } from '../weights/source.js';
import { areDistinct, areUsable, formatHead, parseHead } from './head-file.js';

const USABLE = 'must have numbers, of at most 1e30';

/**
 * A head that did not come out of a file, which a program may have put together.
 * @throws ResNet50Error INVALID_ARGUMENT
 */
function checkedHead(head: Head): Head {
  const { method, classes, weights, precision, transforms } = head;
  const origin = { classes, weights, precision, transforms }; // and nothing else, which might not cross to a worker
  check(method === 'head' || method === 'knn', 'head', "must have a method, 'head' or 'knn'");
  const named = isListOf(classes, 'string') && classes.length > 0 && !classes.includes('') && areDistinct(classes);
  check(named, 'head', 'must have classes, a list of names that differ');
  if (method === 'head') {
    const { weight, bias } = head;
    const fits =
      isArrayOf(weight, 'Float32Array', classes.length * FEATURES) && isArrayOf(bias, 'Float32Array', classes.length);
    check(fits, 'head', `must have ${FEATURES} weights and one bias for each of its ${classes.length} classes`);
    check(areUsable(weight) && areUsable(bias), 'head', USABLE);
    checkOneOf(head.activation ?? 'softmax', 'head.activation', ...ACTIVATIONS);
    const { activation } = head;
    return { method, ...origin, weight, bias, ...(activation && { activation }) };
  }
  const { embeddings, labels, k } = head;
  const examples = labels?.length;
  const fits = isArrayOf(labels, 'Int32Array', examples) && isArrayOf(embeddings, 'Float32Array', examples * FEATURES);
  check(fits, 'head', `must have ${FEATURES} features and one label for each example`);
  check(isCount(k, examples), 'head', `must have a k from 1 to ${examples}, the number of its examples`);
  check(areUsable(embeddings), 'head', USABLE);
  const known = labels.every((label) => label >= 0 && label < classes.length);
  check(known, 'head', 'must have labels that are indices of its classes');
  return { method, ...origin, embeddings, labels, k };
}

/** Longest head file, bytes: a hundred heads of ImageNet's size. */
const MAX_BYTES = 2 ** 30;

/**
 * A head from wherever `load` was told to take it.
 * @throws ResNet50Error WEIGHTS_FORMAT, WEIGHTS_MISMATCH, INVALID_ARGUMENT, and those of fetching and reading
 */
export async function readHead(
  given: HeadInput,
  platform: Pick<AddressOpener, 'openAddress' | 'loadExtras'> & { readonly limits: Limits },
  signal?: AbortSignal,
): Promise<Head> {
  if (typeof given === 'object' && given !== null && 'method' in given) return checkedHead(given);
  const limits: Limits = { ...platform.limits, maxBytes: MAX_BYTES };
  const file = await prepare(given, 'the head', { ...platform, fetchInput }, limits)(signal);
  if (file.kind === 'bytes') return parseHead(file.bytes, file.name);
  throw new ResNet50Error('INVALID_ARGUMENT', 'head must be the bytes or the address of what model.save() gave', {
    subject: 'head',
  });
}

/**
 * The bytes of a head as `model.save()` gives them.
 * @throws ResNet50Error NOT_READY without one
 */
function writeHead(head: Head | undefined): Uint8Array<ArrayBuffer> {
  if (head !== undefined) return formatHead(head);
  throw new ResNet50Error('NOT_READY', 'there is no head of your own to save: call fit first');
}

/**
 * What `model.save` gives.
 * @throws ResNet50Error INVALID_ARGUMENT, NOT_READY
 */
export function save(
  options: { what?: 'head' | 'all' },
  source: WeightsSource,
  head: Head | undefined,
): Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>> {
  checkOptions(options, { what: oneOf('head', 'all') });
  const { what = 'head' } = options;
  return what === 'all' ? writeFiles(source) : writeHead(head);
}

/**
 * The files of a folder of weights, by name.
 * @throws ResNet50Error NOT_READY where nothing was fine-tuned
 */
function writeFiles(source: WeightsSource): Record<string, Uint8Array<ArrayBuffer>> {
  if (source.kind !== 'files') {
    const why = "the network's shards are as they were: fit with unfreeze: ['layer4', 'fc'] first, or save the head";
    throw new ResNet50Error('NOT_READY', why);
  }
  const manifest = new TextEncoder().encode(formatManifest(source.manifest));
  return Object.fromEntries([
    [MANIFEST_FILE, manifest],
    ...source.files.map(({ file, bytes }) => [file, bytes.slice()] as const),
  ]);
}

/**
 * fc.weight or fc.bias of a head.
 * @throws ResNet50Error INVALID_ARGUMENT where there is none
 */
export function fcParameter(head: Head, name: string): Parameter {
  if (head.method !== 'head') {
    const why = "there is no fc layer where the nearest examples vote (method 'knn')";
    throw new ResNet50Error('INVALID_ARGUMENT', why, { subject: name });
  }
  const { weight, bias } = head;
  const classes = bias.length;
  const [values, shape] = name === 'fc.bias' ? [bias, [classes]] : [weight, [classes, FEATURES]];
  return { name, shape, values: values.slice(), exact: true, folded: false };
}
