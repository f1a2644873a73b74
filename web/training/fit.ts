/**
 * Training of a classifier: checks what `fit` is asked for, collects the embeddings, has the trainer's worker do the
 * arithmetic.
 */

import {
  ANY,
  check,
  checkOptions,
  FUNCTION,
  isArrayOf,
  isCount,
  isListOf,
  isNumber,
  oneOf,
  type Rule,
  type Rules,
} from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { FEATURES } from '../base/resnet50.js';
import type { Example, FitOptions } from '../client/fit-options.js';
import { IMAGE } from '../client/options.js';
import type { Trainer } from '../client/training-module.js';
import type { Head, LinearHead } from '../protocol/head.js';
import type { LoadedFacts, StageOutput } from '../protocol/messages.js';
import type { FitReport } from '../protocol/training.js';
import type { FilesSource } from '../weights/source.js';
import { checkFinetuneOptions, Finetune, unfreezesLayer4 } from './finetune.js';

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

/** What was made: a head to put in place, or weights to load. */
export type Fitted = { report: FitReport } & (
  | { head: Head; source?: undefined }
  | { source: FilesSource; head?: undefined }
);

interface Plan {
  classes: string[];
  labels: Int32Array<ArrayBuffer>;
}

const isName = (v: unknown): v is string => typeof v === 'string' && v !== '';

const COUNT: Rule = ['must be a whole number from 1', (v) => isCount(v, 1_000_000)];

const { transforms: _, settled: __, ...OF_IMAGES } = IMAGE;
const RULES: Rules<FitOptions> = {
  ...OF_IMAGES,
  method: oneOf('head', 'knn'),
  unfreeze: ANY,
  batchSize: ANY,
  rate: ANY,
  augment: ANY,
  labelSmoothing: ANY,
  classes: ANY,
  epochs: COUNT,
  l2: ['must be a number greater than 0', (v) => isNumber(v, Number.MIN_VALUE, Number.MAX_VALUE)],
  holdOut: ['must be a share, 0 to 0.9', (v) => isNumber(v, 0, 0.9)],
  patience: COUNT,
  seed: [
    'must be a whole number, 0 to 4294967295',
    (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) < 2 ** 32,
  ],
  k: ANY,
  onProgress: FUNCTION,
};

function checkFitOptions(o: FitOptions): void {
  checkOptions(o, RULES);
  const { method = 'head' } = o;
  checkFinetuneOptions(o);
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
    const fits = image !== undefined || isArrayOf(embedding, 'Float32Array', FEATURES);
    const what = `must have an image, or an embedding that is a Float32Array of ${FEATURES} numbers (model.embed gives it)`;
    check(fits, `example ${i}`, what);
  }
  const named = given === undefined || (isListOf(given, 'string') && given.every(isName));
  check(named, 'classes', 'must be a list of names');
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
    const settings = { classes: plan.classes.length, l2, holdOut, seed, epochs, patience };
    const job = { wasmFile, embeddings, labels: plan.labels, options: settings };
    const { onProgress } = options;
    return await connection.call('train', job, { signal: trainee.signal, transfer: [embeddings.buffer], onProgress });
  } finally {
    await connection.close();
  }
}

/**
 * Makes a head of examples. Called in the model's turn; sets nothing.
 * @throws ResNet50Error INVALID_ARGUMENT naming the option or the example; the signal's reason
 */
export async function fit(trainee: Trainee, examples: readonly Example[], options: FitOptions): Promise<Fitted> {
  checkFitOptions(options);
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
    return { head: { method, ...origin, embeddings, labels, k }, report };
  }
  const { weight, bias, report } = await train(trainee, plan, embeddings, options);
  return { head: { method, ...origin, weight, bias }, report: { method, classes, ...report } };
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
