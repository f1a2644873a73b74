/**
 * `resnet50-wasm embed`: the 2048 features of each picture as a row of a NumPy file.
 */

import { resolve } from 'node:path';
import { printable } from '../base/printable.js';
import { FEATURES } from '../base/resnet50.js';
import { isStandardOutput, type ResultFile } from '../base/write.node.js';
import type { ImageOptions, Pool, ResNet50 } from '../index.node.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { JOBS_OPTIONS, openJobs } from './jobs.js';
import { IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { NAMES_OPTIONS, namedMessage, namesOf, readable } from './names.js';
import { NpyWriter } from './npy.js';
import { UsageError, type Values } from './options.js';
import { neededOut, openResult, resultPath } from './results.js';
import { complain, note, shown } from './terminal.js';

const OPTIONS = {
  out: { type: 'string', short: 'o', value: 'FILE', help: 'the .npy file' },
  names: {
    ...{ type: 'string', value: 'FILE' },
    help: "also a text with the name of each row's picture, one per line (control characters in a name are written out, as \\x0a)",
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
  summary: 'feature vectors of pictures, as a NumPy file',
  text: `Writes the features of each picture (JPEG, PNG, BMP), as the classifier sees them, into a NumPy file: float32
[pictures, 2048], in the order of FILES. Similar pictures have similar rows (cosine). FILES are paths, addresses, folders
or patterns ('photos/*.jpg'); without them, they are read from standard input, one per line. A picture that cannot be read
has no row: --names says which have.`,
  options: OPTIONS,
  examples: [
    [
      'resnet50-wasm embed photos/ --recursive --out vectors.npy --names names.txt',
      'vectors of a folder, and their names',
    ],
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
  const out = neededOut('embed', values);
  const names = resultPath(values, 'names');
  if (names !== undefined && names !== '/dev/null' && (await areSame(names, out)))
    throw new UsageError(`--names ${names}: is the file of --out`);
  const files = namesOf('embed', positionals, values);
  const [options, load] = [imageOptions(values), loadOptions(values)];
  const results: ResultFile[] = [];
  let pool: Pool<ResNet50> | undefined;
  try {
    results.push(await openResult('out', out));
    if (names !== undefined) results.push(await openResult('names', names));
    const jobs = await openJobs(values, load, files);
    pool = jobs.pool;
    const { rows, failures } = await writeVectors(pool, jobs.things, options, results);
    note(shown`${out}: ${rows} x ${FEATURES}`);
    return failures === 0 ? 0 : 1;
  } finally {
    for (const result of results) await result.abandon();
    await pool?.dispose();
  }
}

const areSame = async (a: string, b: string): Promise<boolean> =>
  resolve(a) === resolve(b) || ((await isStandardOutput(a)) && (await isStandardOutput(b)));

async function writeVectors(
  pool: Pool<ResNet50>,
  files: AsyncIterable<string>,
  options: ImageOptions,
  [out, names]: readonly ResultFile[],
): Promise<{ rows: number; failures: number }> {
  const matrix = new NpyWriter(out as ResultFile, FEATURES);
  const rows: string[] = [];
  let failures = 0;
  const work = async (model: ResNet50, file: string) => model.embed(await readable(file), options);
  for await (const { image: file, ...result } of pool.each(files, work)) {
    if (result.status === 'rejected') {
      failures++;
      complain(namedMessage(file, result.reason));
    } else {
      await matrix.append(result.value);
      rows.push(`${printable(file)}\n`);
    }
  }
  // Both are written before one of them takes its place.
  await matrix.finish();
  await names?.write(new TextEncoder().encode(rows.join('')), 0);
  await out?.commit();
  await names?.commit();
  return { rows: rows.length, failures };
}
