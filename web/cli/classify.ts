/**
 * `resnet50-wasm classify`: labels for files, one after the other; a bad one does not stop the rest.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { linesOfStandardInput, readStandardInput } from '../base/read.node.js';
import type { Classification, ClassifyOptions, ImageOptions, LoadOptions, ResNet50 } from '../index.node.js';
import { loadWithProgress } from './load.js';
import { choice, color, list, number, parse, text, UsageError, type Values } from './options.js';
import { bar, complain, print, printJson, shown } from './terminal.js';
import { ACTIVATION_OPTION, activationOption, IMAGE_HELP, TRANSFORM_OPTIONS, transformOptions } from './transforms.js';

export { loadWithProgress } from './load.js';
export { print } from './terminal.js';

export const CLASSIFY_HELP = `Usage: resnet50-wasm classify [FILES...] [options]

Prints the most probable ImageNet classes (or your own) of each picture (JPEG, PNG, BMP). FILES are
paths or addresses; '-' is a picture on standard input. Without FILES, their names are
read from standard input, one a line.

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
  --precision P           int8 or f32  [int8]
  --activation-bits N     7 or 8  [7]
  --threads N             [as many as help]
${IMAGE_HELP}  --flavour NAME          simd, simd-threads, relaxed or relaxed-threads  [the best]
  --revectorize           ask V8 for code of 256 bits (x64; experimental)

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
  revectorize: { type: 'boolean' },
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
  json: { type: 'boolean' },
  ndjson: { type: 'boolean' },
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
    ...(values.revectorize ? { revectorize: true } : {}),
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
  if (values.json && values.ndjson) throw new UsageError('--json and --ndjson exclude each other');
  const files = namesOf('classify', positionals);

  const model = await loadWithProgress(loadOptions(values));
  const logits = (activation ?? model.info().activation) === 'none';
  const show = values.json ? jsonArray() : values.ndjson ? jsonLines() : plainText(logits);
  let failures = 0;
  try {
    for await (const file of files) {
      const outcome = await classifyOne(model, file, options);
      if ('error' in outcome) {
        failures++;
        complain(outcome.error.message);
      }
      show.one(outcome);
    }
  } finally {
    await model.dispose();
  }
  show.end();
  return failures === 0 ? 0 : 1;
}

async function classifyOne(model: ResNet50, file: string, options: ClassifyOptions): Promise<Outcome> {
  try {
    return { file, classes: await model.classify(await readable(file), options) };
  } catch (error) {
    const message = describe(error);
    const named = file === '-' || message.includes(file) ? message : `${file}: ${message}`;
    return { file, error: { code: (error as { code?: string }).code ?? 'INTERNAL', message: named } };
  }
}

/** How pictures are read. */
export const imageOptions = (values: Values): ImageOptions => ({
  orientation: values['no-exif'] ? 'none' : 'exif',
  background: color(values, 'background') ?? null,
});

/** The names of pictures: those given, or those on standard input. */
export function namesOf(command: string, positionals: string[]): Iterable<string> | AsyncIterable<string> {
  if (positionals.length > 0) return positionals;
  if (process.stdin.isTTY) throw new UsageError(`no FILES given (resnet50-wasm ${command} --help)`);
  return namesFromStdin();
}

/** A name from a list that may have been made on Windows, where backslashes part folders; elsewhere they are letters. */
const ofThisSystem = (name: string): string =>
  name.includes('\\') && !name.includes('://') && !existsSync(name) ? name.replaceAll('\\', '/') : name;

async function* namesFromStdin(): AsyncGenerator<string> {
  for await (const line of linesOfStandardInput()) yield ofThisSystem(line);
}

/** A picture by name; '-' is on standard input. */
export const readable = async (file: string): Promise<string | Uint8Array> =>
  file === '-' ? readStandardInput({ maxBytes: MAX_STANDARD_INPUT }) : file;

/** As long as pictures in files may be, bytes. */
const MAX_STANDARD_INPUT = 512 * 2 ** 20;

interface Printer {
  one(outcome: Outcome): void;
  end(): void;
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

/** The file that --out names. */
export function neededOut(command: string, values: Values): string {
  const out = text(values, 'out');
  if (out !== undefined) return out;
  throw new UsageError(`name the file to write with --out (resnet50-wasm ${command} --help)`);
}

/** The same, where its folder must be there before a long work begins. */
export async function outFile(command: string, values: Values): Promise<string> {
  const out = neededOut(command, values);
  if (await exists(dirname(out))) return out;
  throw new UsageError(`--out ${out}: there is no folder ${dirname(out)}`);
}

/** True if a path is there. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
