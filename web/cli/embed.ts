/**
 * `resnet50-wasm embed`: the 2048 features of each picture as a row of a NumPy file.
 */

import { resolve } from 'node:path';
import { printable } from '../base/printable.js';
import { FEATURES } from '../base/resnet50.js';
import { isStandardOutput, type ResultFile } from '../base/write.node.js';
import type { ImageOptions, Pool, ResNet50 } from '../index.node.js';
import { IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS, print } from './classify.js';
import { JOBS_HELP, JOBS_OPTIONS, openJobs } from './jobs.js';
import { NAMES_HELP, NAMES_OPTIONS, namedMessage, namesOf, readable } from './names.js';
import { NpyWriter } from './npy.js';
import { parse, UsageError } from './options.js';
import { neededOut, openResult, resultPath } from './results.js';
import { complain, note, shown } from './terminal.js';
import { IMAGE_HELP } from './transforms.js';

const HELP = `Usage: resnet50-wasm embed [FILES...] --out vectors.npy [options]

Writes the features of each picture (JPEG, PNG, BMP), as the classifier sees them, into a
NumPy file: float32 [pictures, 2048], in the order of FILES. Similar pictures have similar
rows (cosine). FILES are paths, addresses, folders or patterns ('photos/*.jpg'); without
them, they are read from standard input, one a line. A picture that cannot be read has no row: --names says which have.

  --out FILE              the .npy file
  --names FILE            also a text with the name of each row's picture, one a line
                          (control characters in a name are written out, as \\x0a)
  --weights NAME          IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT, a variant you converted,
                          or a folder with manifest.json  [DEFAULT]
  --weights-dir DIR       look for weights in DIR first  [$RESNET50_WEIGHTS_DIR]
  --download              get the weights NAME if they are not there (minutes)
  --precision P           int8 or f32  [int8]
  --threads N             [as many as help]
${JOBS_HELP}${NAMES_HELP}${IMAGE_HELP}
Exit status: 0, or 1 if a picture could not be read (the others are).
`;

const OPTIONS = {
  out: { type: 'string', short: 'o' },
  names: { type: 'string' },
  ...MODEL_OPTIONS,
  ...IMAGE_OPTIONS,
  ...JOBS_OPTIONS,
  ...NAMES_OPTIONS,
} as const;

/** Runs the command; resolves to the exit status. */
export async function embedCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('embed', args, OPTIONS);
  if (values.help) return print(HELP);
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
