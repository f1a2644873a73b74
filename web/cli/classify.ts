/**
 * `resnet50-wasm classify`: labels for files, one after the other; a bad one does not stop the rest.
 */
import { printable } from '../base/printable.js';
import type { Classification, ClassifyOptions, ImageOptions, LoadOptions, ResNet50 } from '../index.node.js';
import { JOBS_HELP, JOBS_OPTIONS, openJobs } from './jobs.js';
import { NAMES_HELP, NAMES_OPTIONS, namedMessage, namesOf, readable } from './names.js';
import { choice, color, list, number, parse, text, UsageError, type Values } from './options.js';
import { resultPath } from './results.js';
import { Resumed } from './resume.js';
import { bar, complain, note, print, printJson, shown } from './terminal.js';
import { ACTIVATION_OPTION, activationOption, IMAGE_HELP, TRANSFORM_OPTIONS, transformOptions } from './transforms.js';

export { loadWithProgress } from './load.js';
export { namedMessage, namesOf, readable } from './names.js';
export { print } from './terminal.js';

export const CLASSIFY_HELP = `Usage: resnet50-wasm classify [FILES...] [options]

Prints the most probable ImageNet classes (or your own) of each picture (JPEG, PNG, BMP). FILES are
paths, addresses, folders or patterns ('photos/*.jpg'); '-' is a picture on standard input.
Without FILES, their names are read from standard input, one a line.

  --weights NAME          IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT, a variant you converted,
                          or a folder with manifest.json  [DEFAULT]
  --weights-dir DIR       look for weights in DIR first  [$RESNET50_WEIGHTS_DIR]
  --download              get the weights NAME if they are not there (minutes)
  --head FILE             classes of your own: what 'fit' wrote
  --top-k N               how many classes; 'all' for all  [5]
  --crops N               look at N crops, scores averaged: 2 with the mirror image,
                          5 or 10 with the corners (ten_crop)  [1]
  --threshold P           only classes with a score of at least P  [all]
  --activation A          what makes scores of logits: softmax (classes exclude each other),
                          sigmoid (each by itself) or none (the logits)  [the network's own]
  --allow LIST            only these classes: indices, WordNet ids or labels, by commas
  --deny LIST             not these
  --json                  one JSON array for all pictures
  --ndjson                one JSON object a line, as soon as each is known
  --csv                   a row for each class: file, index, wnid, label, score, error
  --resume FILE           results as NDJSON into FILE, without the pictures that it holds
                          already: goes on where an earlier run ended, however it ended
  --unordered             results as they come, instead of in the order of FILES
  --precision P           int8 or f32  [int8]
  --activation-bits N     7 or 8  [7]
  --threads N             [as many as help]
${JOBS_HELP}${NAMES_HELP}${IMAGE_HELP}  --flavour NAME          simd, simd-threads, relaxed or relaxed-threads  [the best]

Exit status: 0, or 1 if a picture could not be classified (the others are).
`;

/** Options of every command that loads a model; loadOptions() reads them. */
export const MODEL_OPTIONS = {
  weights: { type: 'string', short: 'w' },
  'weights-dir': { type: 'string' },
  precision: { type: 'string' },
  'activation-bits': { type: 'string' },
  threads: { type: 'string' },
  flavour: { type: 'string' },
  download: { type: 'boolean' },
  ...TRANSFORM_OPTIONS,
} as const;

/** Options of every command that reads pictures. */
export const IMAGE_OPTIONS = {
  'no-exif': { type: 'boolean' },
  background: { type: 'string' },
} as const;

/** A head in place of the network's classes; loadOptions() reads it too. */
export const HEAD_OPTION = { head: { type: 'string' } } as const;

const OPTIONS = {
  ...MODEL_OPTIONS,
  ...HEAD_OPTION,
  ...IMAGE_OPTIONS,
  'top-k': { type: 'string', short: 'k' },
  threshold: { type: 'string' },
  crops: { type: 'string' },
  ...ACTIVATION_OPTION,
  allow: { type: 'string' },
  deny: { type: 'string' },
  ...JOBS_OPTIONS,
  ...NAMES_OPTIONS,
  json: { type: 'boolean' },
  ndjson: { type: 'boolean' },
  csv: { type: 'boolean' },
  resume: { type: 'string' },
  unordered: { type: 'boolean' },
} as const;

/** What MODEL_OPTIONS ask for. */
export function loadOptions(values: Values): LoadOptions {
  const threads = text(values, 'threads') === 'auto' ? 'auto' : number(values, 'threads', 1, 64);
  const bits = number(values, 'activation-bits', 7, 8);
  const weights = text(values, 'weights');
  const weightsDir = text(values, 'weights-dir');
  const head = text(values, 'head');
  const precision = choice(values, 'precision', ['int8', 'f32']);
  const transforms = transformOptions(values);
  const flavour = choice(values, 'flavour', ['simd', 'simd-threads', 'relaxed', 'relaxed-threads']);
  return {
    ...(weights === undefined ? {} : { weights }),
    ...(weightsDir === undefined ? {} : { weightsDir }),
    ...(head === undefined ? {} : { head }),
    ...(precision === undefined ? {} : { precision }),
    ...(flavour === undefined ? {} : { flavour }),
    ...(Object.keys(transforms).length === 0 ? {} : { transforms }),
    ...(threads === undefined ? {} : { threads }),
    ...(bits === undefined ? {} : { activationBits: bits === 8 ? 8 : 7 }),
    ...(values.download ? { download: true } : {}),
  };
}

type Outcome = { file: string; classes: Classification[] } | { file: string; error: { code: string; message: string } };

/** Runs the command; resolves to the exit status. */
export async function classifyCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('classify', args, OPTIONS);
  if (values.help) return print(CLASSIFY_HELP);
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

/** How pictures are read. */
export const imageOptions = (values: Values): ImageOptions => ({
  orientation: values['no-exif'] ? 'none' : 'exif',
  background: color(values, 'background') ?? null,
});

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
