/**
 * `resnet50-wasm classify`: labels for files, one after the other; a bad one does not stop the rest.
 */
import type { ClassifyOptions, Pool, ResNet50 } from '../index.node.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { JOBS_OPTIONS, openJobs } from './jobs.js';
import { type Meter, meterFor } from './meter.js';
import { HEAD_OPTION, IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { counterOf, NAMES_OPTIONS, namesOf, readable, without } from './names.js';
import { choice, list, number, UsageError, type Values } from './options.js';
import { csv, failedOutcome, jsonArray, jsonLines, type Outcome, type OutcomeWriter, plainText } from './outcome.js';
import { openResult, resultPath } from './results.js';
import { Resumed } from './resume.js';
import { complain } from './terminal.js';
import { ACTIVATION_OPTION, activationOption } from './transforms.js';

const OPTIONS = {
  ...MODEL_OPTIONS,
  ...HEAD_OPTION,
  'top-k': { type: 'string', short: 'k', value: 'N', help: "how many classes; 'all' for all  [5]" },
  crops: {
    ...{ type: 'string', value: 'N', words: ['1', '2', '5', '10'] },
    help: 'look at N crops, scores averaged: 2 with the mirror image, 5 or 10 with the corners (ten_crop)  [1]',
  },
  threshold: { type: 'string', value: 'P', help: 'only classes with a score of at least P  [all]' },
  ...ACTIVATION_OPTION,
  allow: { type: 'string', value: 'LIST', help: 'only these classes: indices, WordNet ids or labels, by commas' },
  deny: { type: 'string', value: 'LIST', help: 'not these' },
  json: { type: 'boolean', help: 'one JSON array for all pictures' },
  ndjson: { type: 'boolean', help: 'one JSON object per line, as soon as each is known' },
  csv: { type: 'boolean', help: 'a row for each class: file, index, wnid, label, score, error' },
  parquet: { type: 'string', value: 'FILE', help: 'the same columns and rows as a Parquet file' },
  resume: {
    ...{ type: 'string', value: 'FILE' },
    help: 'results as NDJSON into FILE, without the pictures that it holds already: goes on where an earlier run ended, however it ended',
  },
  unordered: { type: 'boolean', help: 'results as they come, instead of in the order of FILES' },
  ...JOBS_OPTIONS,
  ...NAMES_OPTIONS,
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm classify`. */
export const CLASSIFY: Command = {
  name: 'classify',
  usage: '[FILES...] [options]',
  summary: 'labels for pictures',
  text: `Prints the most probable ImageNet classes (or your own) of each picture (JPEG, PNG, BMP). FILES are paths, addresses,
folders or patterns ('photos/*.jpg'); '-' is a picture on standard input. Without FILES, their names are read from
standard input, one per line.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm classify photo.jpg --weights CIFAR10_DEMO', 'the five most probable classes'],
    ['resnet50-wasm classify photos/ --recursive --top-k 1 --csv > labels.csv', 'a table of a folder of pictures'],
    ['resnet50-wasm classify photos/ -r --top-k 1 --parquet labels.parquet', 'the same for DuckDB, pandas or Spark'],
    ['find photos -name "*.png" | resnet50-wasm classify --ndjson', 'a list of any length, one JSON object per line'],
    ['curl -s https://example.org/cat.jpg | resnet50-wasm classify -', 'a picture on standard input'],
  ],
  environment: MODEL_VARIABLES,
  status: '0, or 1 if a picture could not be classified (the others are).',
  run: classify,
};

async function classify(values: Values, positionals: string[]): Promise<number> {
  const options: ClassifyOptions = {
    topK: number(values, 'top-k', 1, Number.POSITIVE_INFINITY) ?? 5,
    ...imageOptions(values),
  };
  const activation = activationOption(values);
  if (activation !== undefined) options.activation = activation;
  const [least, most] = activation === 'none' ? [-1e9, 1e9] : [0, 1]; // logits, or probabilities
  const threshold = number(values, 'threshold', least, most, false);
  if (threshold !== undefined) options.threshold = threshold;
  const crops = choice(values, 'crops', ['1', '2', '5', '10']);
  if (crops !== undefined) options.crops = Number(crops) as 1 | 2 | 5 | 10;
  const [allow, deny] = [list(values, 'allow'), list(values, 'deny')];
  if (allow) options.allow = allow;
  if (deny) options.deny = deny;
  const formats = ['json', 'ndjson', 'csv', 'parquet', 'resume'].filter((name) => values[name] !== undefined);
  if (formats.length > 1) throw new UsageError(`--${formats[0]} and --${formats[1]} exclude each other`);
  const files = namesOf('classify', positionals, values);
  const load = loadOptions(values);
  const target = await openTarget(values);
  const { done, inFile } = target;
  const meter = meterFor(inFile, counterOf('classify', positionals, values, done));
  try {
    const jobs = await openJobs(values, load, done.size === 0 ? files : without(files, done));
    return await classifyAll(jobs, options, target, meter, values.unordered === true);
  } finally {
    await target.close();
  }
}

/** Where results go. */
interface Target {
  /** Pictures whose results are there already. */
  done: ReadonlySet<string>;
  /** Whether that is a file, not standard output. */
  inFile: boolean;
  writer(pool: Pool<ResNet50>, logits: boolean): OutcomeWriter | Promise<OutcomeWriter>;
  close(): Promise<void>;
}

async function openTarget(values: Values): Promise<Target> {
  const [resume, parquet] = [resultPath(values, 'resume'), resultPath(values, 'parquet')];
  if (resume !== undefined) {
    const file = await Resumed.open(resume);
    const writer = () => ({ one: (outcome: Outcome) => file.append(outcome), end: () => undefined });
    return { done: file.done, inFile: true, writer, close: () => file.close() };
  }
  const done = new Set<string>();
  if (parquet === undefined) {
    const writer = (_: unknown, logits: boolean) => printerFor(values, logits);
    return { done, inFile: false, writer, close: async () => undefined };
  }
  const file = await openResult('parquet', parquet);
  const writer = async (pool: Pool<ResNet50>) =>
    (await import('./parquet.js')).parquetClasses(file, pool.weights.name ?? 'random');
  return { done, inFile: true, writer, close: () => file.abandon() };
}

function printerFor(values: Values, logits: boolean): OutcomeWriter {
  if (values.json) return jsonArray();
  if (values.ndjson) return jsonLines();
  return values.csv ? csv() : plainText(logits);
}

async function classifyAll(
  { pool, things }: { pool: Pool<ResNet50>; things: AsyncIterable<string> },
  options: ClassifyOptions,
  target: Target,
  meter: Meter,
  unordered: boolean,
): Promise<number> {
  let failures = 0;
  try {
    const logits = (options.activation ?? pool.info().activation) === 'none';
    const show = await target.writer(pool, logits);
    const work = async (model: ResNet50, file: string) => model.classify(await readable(file), options);
    for await (const { image: file, ...result } of pool.each(things, work, { unordered })) {
      const outcome =
        result.status === 'fulfilled' ? { file, classes: result.value } : failedOutcome(file, result.reason);
      if ('error' in outcome) {
        failures++;
        meter.clear();
        complain(outcome.error.message);
      }
      await show.one(outcome);
      meter.step();
    }
    await show.end();
  } finally {
    meter.clear();
    await pool.dispose();
  }
  return failures === 0 ? 0 : 1;
}
