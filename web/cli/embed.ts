/**
 * `resnet50-wasm embed`: the 2048 features of each picture as a row of a NumPy file.
 */

import { resolve } from 'node:path';
import { describe } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { FEATURES } from '../base/resnet50.js';
import { ResultFile } from '../base/write.node.js';
import type { ImageOptions, ResNet50 } from '../index.node.js';
import {
  IMAGE_OPTIONS,
  imageOptions,
  loadOptions,
  loadWithProgress,
  MODEL_OPTIONS,
  namesOf,
  outFile,
  print,
  readable,
} from './classify.js';
import { NpyWriter } from './npy.js';
import { parse, text, UsageError } from './options.js';
import { complain, note, shown } from './terminal.js';
import { IMAGE_HELP } from './transforms.js';

const HELP = `Usage: resnet50-wasm embed [FILES...] --out vectors.npy [options]

Writes the features of each picture (JPEG, PNG, BMP), as the classifier sees them, into a
NumPy file: float32 [pictures, 2048], in the order of FILES. Similar pictures have similar
rows (cosine). FILES are paths or addresses; without them, they are read from standard
input, one a line. A picture that cannot be read has no row: --names says which have.

  --out FILE              the .npy file
  --names FILE            also a text with the name of each row's picture, one a line
                          (control characters in a name are written out, as \\x0a)
  --weights NAME          IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT, a variant you converted,
                          or a folder with manifest.json  [DEFAULT]
  --weights-dir DIR       look for weights in DIR first  [$RESNET50_WEIGHTS_DIR]
  --download              get the weights NAME if they are not there (minutes)
  --precision P           int8 or f32  [int8]
  --threads N             [as many as help]
  --revectorize           ask V8 for code of 256 bits (x64; experimental)
${IMAGE_HELP}
Exit status: 0, or 1 if a picture could not be read (the others are).
`;

const OPTIONS = {
  out: { type: 'string', short: 'o' },
  names: { type: 'string' },
  ...MODEL_OPTIONS,
  ...IMAGE_OPTIONS,
} as const;

/** Runs the command; resolves to the exit status. */
export async function embedCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('embed', args, OPTIONS);
  if (values.help) return print(HELP);
  const out = await outFile('embed', values);
  const names = text(values, 'names');
  if (names !== undefined && resolve(names) === resolve(out) && names !== '/dev/null')
    throw new UsageError(`--names ${names}: is the file of --out`);
  const files = namesOf('embed', positionals);
  const options = imageOptions(values);
  const model = await loadWithProgress(loadOptions(values));
  try {
    return await writeVectors(model, files, options, out, names);
  } finally {
    await model.dispose();
  }
}

async function writeVectors(
  model: ResNet50,
  files: AsyncIterable<string> | Iterable<string>,
  options: ImageOptions,
  out: string,
  namesFile: string | undefined,
): Promise<number> {
  const matrix = await NpyWriter.create(out, FEATURES);
  const names = namesFile === undefined ? undefined : await createBeside(matrix, namesFile);
  const rows: string[] = [];
  let failures = 0;
  try {
    for await (const file of files) {
      const vector = await model.embed(await readable(file), options).catch((error) => {
        failures++;
        const message = describe(error);
        complain(message.includes(file) ? message : `${file}: ${message}`);
      });
      if (!(vector instanceof Float32Array)) continue;
      await matrix.append(vector);
      rows.push(`${printable(file)}\n`);
    }
    // Both are written before one of them takes its place.
    await matrix.finish();
    await names?.write(new TextEncoder().encode(rows.join('')), 0);
    await matrix.commit();
    await names?.commit();
  } finally {
    await matrix.abandon();
    await names?.abandon();
  }
  note(shown`${out}: ${rows.length} x ${FEATURES}`);
  return failures === 0 ? 0 : 1;
}

/** A second result; if it cannot be, there is no first one either. */
async function createBeside(matrix: NpyWriter, path: string): Promise<ResultFile> {
  try {
    return await ResultFile.create(path);
  } catch (error) {
    await matrix.abandon();
    throw error;
  }
}
