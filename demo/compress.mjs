// What servers on the way to a page compress, and a server of files does not: text and wasm, each beside itself as FILE.gz.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const COMPRESSIBLE = /\.(html|css|js|mjs|json|svg|webmanifest|wasm)$/;
/** Bytes: below, the headers weigh more than what is saved. */
const LEAST = 1024;

const zip = promisify(gzip);

/**
 * Writes FILE.gz beside every text and wasm file of a folder. Weights and pictures are compressed already, or must arrive as
 * they are for a part of them to be asked for.
 * @param {string} folder
 */
export async function compressFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name));
  await Promise.all(
    files.map(async ({ parentPath, path, name }) => {
      const file = join(parentPath ?? path, name); // Node.js 20 calls it path
      const bytes = await readFile(file);
      if (bytes.length < LEAST) return;
      await writeFile(`${file}.gz`, await zip(bytes, { level: constants.Z_BEST_COMPRESSION }));
    }),
  );
}
