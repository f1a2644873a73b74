/**
 * `resnet50-wasm classify`: labels for files, one after the other; a bad one does not stop the rest.
 */
import { printable } from '../base/printable.js';
import type { Classification, ClassifyOptions, LoadOptions, ResNet50 } from '../index.node.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { JOBS_OPTIONS, openJobs } from './jobs.js';
import { HEAD_OPTION, IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { NAMES_OPTIONS, namedMessage, namesOf, readable } from './names.js';
import { choice, list, number, UsageError, type Values } from './options.js';
import { resultPath } from './results.js';
import { Resumed } from './resume.js';
import { bar, complain, note, print, printJson, shown } from './terminal.js';
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
    ['find photos -name "*.png" | resnet50-wasm classify --ndjson', 'a list of any length, one JSON object per line'],
    ['curl -s https://example.org/cat.jpg | resnet50-wasm classify -', 'a picture on standard input'],
  ],
  environment: MODEL_VARIABLES,
  status: '0, or 1 if a picture could not be classified (the others are).',
  run: classify,
};

type Outcome = { file: string; classes: Classification[] } | { file: string; error: { code: string; message: string } };

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
  const formats = ['json', 'ndjson', 'csv', 'resume'].filter((name) => values[name] !== undefined);
  if (formats.length > 1) throw new UsageError(`--${formats[0]} and --${formats[1]} exclude each other`);
  const files = namesOf('classify', positionals, values);
  const load = loadOptions(values);
  const path = resultPath(values, 'resume');
  const resumed = path === undefined ? undefined : await Resumed.open(path);
  try {
    return await classifyAll(values, load, options, files, resumed);
  } finally {
    await resumed?.close();
  }
}

async function classifyAll(
  values: Values,
  load: LoadOptions,
  options: ClassifyOptions,
  files: Iterable<string> | AsyncIterable<string>,
  resumed: Resumed | undefined,
): Promise<number> {
  let failures = 0;
  const { pool, things } = await openJobs(values, load, resumed === undefined ? files : without(files, resumed.done));
  try {
    const logits = (options.activation ?? pool.info().activation) === 'none';
    const show = printerFor(values, logits, resumed);
    const work = async (model: ResNet50, file: string) => model.classify(await readable(file), options);
    for await (const { image: file, ...result } of pool.each(things, work, { unordered: values.unordered === true })) {
      const outcome = outcomeOf(file, result);
      if ('error' in outcome) {
        failures++;
        complain(outcome.error.message);
      }
      await show.one(outcome);
    }
    show.end();
  } finally {
    await pool.dispose();
  }
  return failures === 0 ? 0 : 1;
}

async function* without(
  files: Iterable<string> | AsyncIterable<string>,
  done: ReadonlySet<string>,
): AsyncGenerator<string> {
  let skipped = 0;
  for await (const file of files) {
    if (done.has(file)) skipped++;
    else yield file;
  }
  if (skipped > 0) note(`${skipped} pictures had results already`);
}

function outcomeOf(file: string, result: PromiseSettledResult<Classification[]>): Outcome {
  if (result.status === 'fulfilled') return { file, classes: result.value };
  const { reason } = result;
  const code = (reason as { code?: string }).code ?? 'INTERNAL';
  return { file, error: { code, message: namedMessage(file, reason) } };
}

interface Printer {
  one(outcome: Outcome): void | Promise<void>;
  end(): void;
}

function printerFor(values: Values, logits: boolean, resumed: Resumed | undefined): Printer {
  if (resumed !== undefined) return { one: (outcome) => resumed.append(outcome), end: () => undefined };
  if (values.json) return jsonArray();
  if (values.ndjson) return jsonLines();
  return values.csv ? csv() : plainText(logits);
}

/** A score for people: a probability, or a logit. */
export const shownScore = (score: number, logit: boolean): string =>
  logit ? score.toFixed(3) : `${(score * 100).toFixed(1)}%`;

function plainText(logits: boolean): Printer {
  let first = true;
  return {
    one(outcome) {
      if ('error' in outcome) return;
      const classes = outcome.classes.map(({ label, score }) => ({ label: printable(label), score }));
      const width = classes.reduce((most, { label }) => Math.max(most, label.length), 0);
      const lines = classes.map(({ label, score }) => {
        const share = process.stdout.isTTY && !logits ? `  ${bar(score, 20)}`.trimEnd() : '';
        return `  ${label.padEnd(width)}  ${shownScore(score, logits).padStart(6)}${share}\n`;
      });
      print(`${first ? '' : '\n'}${shown`${outcome.file}`}\n${lines.join('')}`);
      first = false;
    },
    end: () => undefined,
  };
}

const jsonLines = (): Printer => ({
  one: (outcome) => void printJson(outcome),
  end: () => undefined,
});

function jsonArray(): Printer {
  const all: Outcome[] = [];
  return {
    one: (outcome) => void all.push(outcome),
    end: () => void printJson(all, 2),
  };
}

/** A field of CSV (RFC 4180). Control characters are written out, so that a row is a line. */
const field = (value: unknown): string => {
  const text = printable(String(value ?? ''));
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

function csv(): Printer {
  const row = (...fields: unknown[]) => print(`${fields.map(field).join(',')}\n`);
  row('file', 'index', 'wnid', 'label', 'score', 'error');
  return {
    one(outcome) {
      const { file } = outcome;
      if ('error' in outcome) row(file, '', '', '', '', outcome.error.message);
      else for (const { index, wnid, label, score } of outcome.classes) row(file, index, wnid, label, score, '');
    },
    end: () => undefined,
  };
}
