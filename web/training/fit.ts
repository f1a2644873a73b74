/**
 * Training and heads of the user's own, loaded only where they are wanted: checks what `fit` is asked for, collects the
 * embeddings, has the trainer's worker do the arithmetic, reads and writes heads. Knows nothing of queues and sessions.
 */

import { ResNet50Error } from '../base/errors.js';
import { prepare } from '../client/inputs.js';
import { check, type HeadInput } from '../client/options.js';
import type { Limits, Platform } from '../client/platform.js';
import type { Connection } from '../protocol/connection.js';
import {
  type Example,
  FEATURES,
  type FitOptions,
  type FitReport,
  type Head,
  type LinearHead,
  parameterCount,
} from '../protocol/head.js';
import type { LoadedFacts, PlainHead, StageOutput } from '../protocol/messages.js';
import { formatManifest, MANIFEST_FILE } from '../weights/manifest.js';
import type { Parameter } from '../weights/parameters.js';
import type { FilesSource, WeightsSource } from '../weights/source.js';
import { checkFinetuneOptions, Finetune, unfreezesLayer4 } from './finetune.js';
import { formatHead, parseHead } from './head-file.js';

/** A trainer at work, and the address of its wasm file (null where its glue knows by itself). */
export interface Trainer {
  connection: Connection;
  wasmFile: string | null;
  /** Threads that its core can have. */
  threads: number;
}

/** Starts a trainer: in a worker, for a core with so many threads, or in place; the folders are those of `load`. */
export type ConnectTrainer = (where: {
  worker: boolean;
  threads: number;
  workerUrl?: string | undefined;
  wasmUrl?: string | undefined;
}) => Promise<Trainer>;

/** A head, and what the network's host is told of it. */
export interface PlacedHead {
  head: Head;
  job: { type: 'head'; head: PlainHead };
}

/** What training needs of a model; all of it in one place of the model's queue. */
export interface Trainee {
  facts: LoadedFacts;
  /** Threads of the network. */
  threads: number;
  /** Outputs of stages for the examples that are pictures, in their order. */
  features(stages: readonly string[]): AsyncIterable<StageOutput[][]>;
  /** All shards of the network. */
  shards(): Promise<FilesSource | null>;
  /** Starts a trainer, whose caller closes it. */
  connect(threads: number): Promise<Trainer>;
  signal: AbortSignal;
}

/** What `fit` made: a head to put in place, or weights to load. */
export type Fitted = { report: FitReport } & (
  | { placed: PlacedHead; source?: undefined }
  | { source: FilesSource; placed?: undefined }
);

interface Plan {
  classes: string[];
  labels: Int32Array<ArrayBuffer>;
}

const isCount = (v: unknown, most: number): boolean =>
  Number.isInteger(v) && (v as number) >= 1 && (v as number) <= most;
const isName = (v: unknown): v is string => typeof v === 'string' && v !== '';

function checkOptions(o: FitOptions): void {
  const { method = 'head' } = o;
  check(method === 'head' || method === 'knn', 'method', "must be 'head' or 'knn'");
  checkFinetuneOptions(o);
  check(o.epochs === undefined || isCount(o.epochs, 1_000_000), 'epochs', 'must be a whole number from 1');
  check(o.patience === undefined || isCount(o.patience, 1_000_000), 'patience', 'must be a whole number from 1');
  const seedOk = o.seed === undefined || (Number.isInteger(o.seed) && o.seed >= 0 && o.seed < 2 ** 32);
  check(seedOk, 'seed', 'must be a whole number, 0 to 4294967295');
  check(o.l2 === undefined || (o.l2 > 0 && o.l2 < Number.POSITIVE_INFINITY), 'l2', 'must be a number greater than 0');
  check(o.holdOut === undefined || (o.holdOut >= 0 && o.holdOut <= 0.9), 'holdOut', 'must be a share, 0 to 0.9');
  check(method === 'knn' || o.k === undefined, 'k', "is for method 'knn'");
  for (const key of ['epochs', 'l2', 'holdOut', 'patience'] as const) {
    check(method === 'head' || o[key] === undefined, key, "is for method 'head': nothing is trained for 'knn'");
  }
}

/** Names of the classes, and an index into them for each example. */
function planOf(examples: readonly Example[], given: readonly string[] | undefined): Plan {
  check(examples.length > 0, 'examples', 'must not be empty: give some of each of at least two classes');
  for (const [i, example] of examples.entries()) {
    check(isName(example?.label), `example ${i}`, 'must have a label, the name of its class');
    const { image, embedding } = example;
    const fits = image !== undefined || (embedding instanceof Float32Array && embedding.length === FEATURES);
    const what = `must have an image, or an embedding that is a Float32Array of ${FEATURES} numbers (model.embed gives it)`;
    check(fits, `example ${i}`, what);
  }
  check(given === undefined || (Array.isArray(given) && given.every(isName)), 'classes', 'must be a list of names');
  const classes = given ?? [...new Set(examples.map(({ label }) => label))].sort();
  check(new Set(classes).size === classes.length, 'classes', 'must not name a class twice');
  check(classes.length >= 2, 'classes', `must be two at least: the examples are all of '${classes[0]}'`);
  const indices = new Map(classes.map((name, i) => [name, i]));
  const labels = examples.map(({ label }, i) => {
    const index = indices.get(label);
    check(index !== undefined, `example ${i}`, `has label '${label}', which is not one of classes`);
    return index as number;
  });
  const empty = classes.find((_, i) => !labels.includes(i));
  check(empty === undefined, 'classes', `'${empty}' has no examples: give some, or leave the class out`);
  return { classes: [...classes], labels: Int32Array.from(labels) };
}

/** An error of a picture, with the example that it is. */
function naming(example: string, error: unknown): unknown {
  const { name, code, message } = (error ?? {}) as ResNet50Error;
  if (name !== 'ResNet50Error' || message.includes(example)) return error;
  return new ResNet50Error(code, `${example}: ${message}`, { subject: example, cause: error });
}

/** The embeddings of all examples, [n, 2048]: those given, and those of pictures. */
async function collect(
  trainee: Trainee,
  examples: readonly Example[],
  onProgress: FitOptions['onProgress'],
  addMap?: (map: StageOutput, example: number) => Promise<void>,
): Promise<Float32Array<ArrayBuffer>> {
  const rows = new Float32Array(examples.length * FEATURES);
  const pictures = examples.flatMap(({ image }, i) => (image === undefined ? [] : [i]));
  for (const [i, { image, embedding }] of examples.entries()) {
    if (image === undefined && embedding !== undefined) rows.set(embedding, i * FEATURES);
  }
  let done = 0;
  try {
    for await (const [[pooled, map] = []] of trainee.features(['avgpool', ...(addMap ? ['layer3'] : [])])) {
      const example = pictures[done] as number;
      rows.set((pooled as StageOutput).data, example * FEATURES);
      await addMap?.(map as StageOutput, example);
      done++;
      onProgress?.({ phase: 'embedding', done, total: pictures.length });
    }
  } catch (error) {
    throw naming(`example ${pictures[done]}`, error);
  }
  for (const [i, { label }] of examples.entries()) {
    const finite = rows.subarray(i * FEATURES, (i + 1) * FEATURES).every(Number.isFinite);
    check(finite, `example ${i}`, `(${label}) has an embedding with a number that is not finite: leave it out`);
  }
  return rows;
}

/** The share to hold out; the smallest class decides whether there is something to. */
function holdOutOf({ classes, labels }: Plan, asked: number | undefined): number {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  const least = counts.reduce((a, b) => Math.min(a, b));
  const why = `is ${asked}, but '${classes[counts.indexOf(1)]}' has one example, too few to hold one out: give more, or hold out none (0)`;
  check(!asked || least >= 2, 'holdOut', why);
  return asked ?? (least >= 5 ? 0.2 : 0);
}

async function train(
  trainee: Trainee,
  plan: Plan,
  embeddings: Float32Array<ArrayBuffer>,
  options: FitOptions,
): Promise<Pick<LinearHead, 'weight' | 'bias'> & { report: Omit<FitReport, 'method' | 'classes'> }> {
  const own = unfreezesLayer4(options) ? {} : options; // epochs and patience are of fine-tuning then
  const { epochs = 300, patience = 10 } = own;
  const { l2 = null, seed = 0 } = options;
  const holdOut = holdOutOf(plan, options.holdOut);
  const { connection, wasmFile } = await trainee.connect(1);
  try {
    const settings = { classes: plan.classes.length, l2, holdOut, seed, maxIterations: epochs, patience };
    const job = { type: 'train', wasmFile, embeddings, labels: plan.labels, options: settings } as const;
    const onProgress = options.onProgress as (event: unknown) => void;
    return await connection.call(job, { signal: trainee.signal, transfer: [embeddings.buffer], onProgress });
  } finally {
    await connection.close();
  }
}

/**
 * Makes a head of examples. Called in the model's turn; sets nothing.
 * @throws ResNet50Error INVALID_ARGUMENT naming the option or the example; the signal's reason
 */
export async function fit(trainee: Trainee, examples: readonly Example[], options: FitOptions): Promise<Fitted> {
  checkOptions(options);
  const plan = planOf(examples, options.classes);
  const { method = 'head', k = Math.min(5, examples.length) } = options;
  check(isCount(k, examples.length), 'k', `must be a whole number, 1 to ${examples.length} (the number of examples)`);
  if (unfreezesLayer4(options)) return finetune(trainee, examples, plan, options);
  const embeddings = await collect(trainee, examples, options.onProgress);
  const { name, precision, transforms } = trainee.facts;
  const { classes, labels } = plan;
  const origin = { classes, weights: name, precision, transforms };
  if (method === 'knn') {
    const counts = { trained: examples.length, heldOut: 0 };
    const report: FitReport = {
      ...{ method, classes, examples: counts, epochs: 0, bestEpoch: 0 },
      ...{ converged: true, l2: 0, trained: null, heldOut: null },
    };
    return { placed: placed({ method, ...origin, embeddings, labels, k }), report };
  }
  const { weight, bias, report } = await train(trainee, plan, embeddings, options);
  return { placed: placed({ method, ...origin, weight, bias }), report: { method, classes, ...report } };
}

/** Layer4 and the classifier; the network with both replaced. */
async function finetune(
  trainee: Trainee,
  examples: readonly Example[],
  plan: Plan,
  options: FitOptions,
): Promise<Fitted> {
  const { facts, signal, threads } = trainee;
  const without = examples.findIndex(({ image }) => image === undefined);
  check(without < 0, `example ${without}`, 'must have an image: layer4 is not trained on embeddings');
  const { classes, labels } = plan;
  const holdOut = holdOutOf(plan, options.holdOut);
  const source = await trainee.shards();
  if (source === null) {
    const why = 'weights: null gives a network without shards: load real weights to fine-tune them';
    throw new ResNet50Error('INVALID_ARGUMENT', why, { subject: 'weights' });
  }
  const trainer = await trainee.connect(threads);
  try {
    const finetuning = new Finetune(trainer, source, facts, options, { classes, holdOut }, signal);
    const add = (map: StageOutput, example: number) => finetuning.add(map, labels[example] as number);
    const embeddings = await collect(trainee, examples, options.onProgress, add);
    const { weight, bias, report: ofHead } = await train(trainee, plan, embeddings, options);
    const report: FitReport = { method: 'head', classes, ...ofHead };
    return { source: await finetuning.run({ weight, bias }, report), report };
  } finally {
    await trainer.connection.close();
  }
}

function placed(head: Head): PlacedHead {
  const linear = head.method === 'head';
  const classes = head.classes.length;
  const plain: PlainHead = {
    ...(linear
      ? { parts: [head.weight, head.bias], rows: classes, k: null }
      : { parts: [head.embeddings, head.labels], rows: head.labels.length, k: head.k }),
    facts: {
      ...{ classes, categories: head.classes.map((label) => ({ label })), head: head.method },
      parameters: parameterCount(linear ? classes : 0),
    },
  };
  return { head, job: { type: 'head', head: plain } };
}

/** Longest head file, bytes: a thousand heads of ImageNet's size. */
const MAX_BYTES = 2 ** 33;

/**
 * A head from wherever `load` was told to take it.
 * @throws ResNet50Error WEIGHTS_FORMAT, WEIGHTS_MISMATCH, INVALID_ARGUMENT, and those of fetching and reading
 */
export async function readHead(given: HeadInput, platform: Platform, signal?: AbortSignal): Promise<PlacedHead> {
  if (typeof given === 'object' && given !== null && 'method' in given) return placed(given);
  const limits: Limits = { ...platform.limits, maxBytes: MAX_BYTES };
  const file = await prepare(given, 'the head', platform, limits)(signal);
  if (file.kind === 'bytes') return placed(parseHead(file.bytes, file.name));
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
  { what = 'head' }: { what?: 'head' | 'all' },
  source: WeightsSource,
  head: Head | undefined,
): Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>> {
  check(what === 'head' || what === 'all', 'what', "must be 'head' or 'all'");
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
