/**
 * `resnet50-wasm embed`: the 2048 features of each picture as a row of a NumPy or Parquet file.
 */

import { resolve } from 'node:path';
import { FEATURES } from '../base/resnet50.js';
import { isStandardOutput, type ResultFile } from '../base/write.node.js';
import type { ImageOptions, Pool, ResNet50 } from '../index.node.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { JOBS_OPTIONS, openJobs } from './jobs.js';
import { type Meter, meterFor } from './meter.js';
import { IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { counterOf, NAMES_OPTIONS, namesOf, readable, without } from './names.js';
import { UsageError, type Values } from './options.js';
import { failedOutcome } from './outcome.js';
import { neededOut, openResult, resultPath } from './results.js';
import { complain, note, shown } from './terminal.js';
import { ResumedVectors, type VectorWriter, WholeVectors } from './vectors.js';

const OPTIONS = {
  out: { type: 'string', short: 'o', value: 'FILE', help: 'the .npy or .parquet file' },
  names: {
    ...{ type: 'string', value: 'FILE' },
    help: "also a text with the name of each row's picture, one per line (control characters in a name are written out, as \\x0a)",
  },
  resume: {
    ...{ type: 'string', value: 'FILE' },
    help: 'instead of --out: vectors into FILE (.npy) and names into FILE.ndjson, without the pictures that they hold already: goes on where an earlier run ended, however it ended',
  },
  ...MODEL_OPTIONS,
  ...JOBS_OPTIONS,
  ...NAMES_OPTIONS,
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm embed`. */
export const EMBED: Command = {
  name: 'embed',
  usage: '[FILES...] --out vectors.npy [options]',
  summary: 'feature vectors of pictures, as a NumPy or Parquet file',
  text: `Writes the features of each picture (JPEG, PNG, BMP), as the classifier sees them, into a NumPy file: float32
[pictures, 2048], in the order of FILES. Similar pictures have similar rows (cosine). If FILE ends with .parquet, the
columns are file and embedding. FILES are paths, addresses, folders or patterns ('photos/*.jpg'); without them, they are
read from standard input, one per line. A picture that cannot be read has no row: --names says which have.`,
  options: OPTIONS,
  examples: [
    [
      'resnet50-wasm embed photos/ --recursive --out vectors.npy --names names.txt',
      'vectors of a folder, and their names',
    ],
    ['resnet50-wasm embed photos/ -r --out vectors.parquet', 'names and vectors for DuckDB, pandas or Spark'],
    ['resnet50-wasm embed --resume vectors.npy < names.txt', 'a list that takes hours, and may be interrupted'],
    [
      'resnet50-wasm embed a.jpg b.jpg --weights IMAGENET1K_V1 --out vectors.npy',
      'V1 tells alike pictures better than V2',
    ],
  ],
  environment: MODEL_VARIABLES,
  status: '0, or 1 if a picture could not be read (the others are).',
  run: embed,
};

async function embed(values: Values, positionals: string[]): Promise<number> {
  const results: ResultFile[] = [];
  const resume = resultPath(values, 'resume');
  const options = imageOptions(values);
  const load = loadOptions(values);
  const paths = resume === undefined ? await wholeFiles(values) : resumedFile(values, resume);
  const files = namesOf('embed', positionals, values);
  const resumed = resume === undefined ? undefined : await ResumedVectors.open(resume);
  const done = resumed?.done ?? new Set();
  let pool: Pool<ResNet50> | undefined;
  try {
    for (const [option, path] of Object.entries(paths)) results.push(await openResult(option, path));
    const jobs = await openJobs(values, load, done.size === 0 ? files : without(files, done));
    pool = jobs.pool;
    const writer = resumed ?? (await wholeWriter(values, results, pool));
    const meter = meterFor(true, counterOf('embed', positionals, values, done));
    const { rows, failures } = await writeVectors(pool, jobs.things, options, writer, meter);
    note(shown`${resume ?? paths.out}: ${done.size === 0 ? '' : 'another '}${rows} x ${FEATURES}`);
    return failures === 0 ? 0 : 1;
  } finally {
    for (const result of results) await result.abandon();
    await resumed?.close();
    await pool?.dispose();
  }
}

const isParquet = (path: string): boolean => /\.parquet$/i.test(path);

/** Paths by option. */
async function wholeFiles(values: Values): Promise<Record<string, string>> {
  const out = neededOut('embed', values);
  const names = resultPath(values, 'names');
  if (names === undefined) return { out };
  if (names !== '/dev/null' && (await areSame(names, out)))
    throw new UsageError(`--names ${names}: is the file of --out`);
  return { out, names };
}

function resumedFile(values: Values, path: string): Record<string, string> {
  for (const option of ['out', 'names'])
    if (values[option] !== undefined)
      throw new UsageError(`--resume and --${option} exclude each other: names of rows are in ${path}.ndjson`);
  if (isParquet(path))
    throw new UsageError(
      `--resume ${path}: Parquet files do not grow. Use a .npy file, or --out with a part of the pictures at a time`,
    );
  return {};
}

async function wholeWriter(values: Values, [out, names]: ResultFile[], pool: Pool<ResNet50>): Promise<VectorWriter> {
  const file = out as ResultFile;
  if (!isParquet(neededOut('embed', values))) return new WholeVectors(file, names);
  const { ParquetVectors } = await import('./parquet.js');
  return new WholeVectors(file, names, new ParquetVectors(file, pool.weights.name ?? 'random'));
}

const areSame = async (a: string, b: string): Promise<boolean> =>
  resolve(a) === resolve(b) || ((await isStandardOutput(a)) && (await isStandardOutput(b)));

async function writeVectors(
  pool: Pool<ResNet50>,
  files: AsyncIterable<string>,
  options: ImageOptions,
  writer: VectorWriter,
  meter: Meter,
): Promise<{ rows: number; failures: number }> {
  let [rows, failures] = [0, 0];
  const work = async (model: ResNet50, file: string) => model.embed(await readable(file), options);
  try {
    for await (const { image: file, ...result } of pool.each(files, work)) {
      if (result.status === 'rejected') {
        const outcome = failedOutcome(file, result.reason);
        failures++;
        meter.clear();
        complain(outcome.error.message);
        await writer.failed(outcome);
      } else {
        await writer.append(file, result.value);
        rows++;
      }
      meter.step();
    }
    await writer.finish();
  } finally {
    meter.clear();
  }
  return { rows, failures };
}
