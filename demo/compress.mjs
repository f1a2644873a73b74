// What servers on the way to a page compress, and a server of files does not: text and wasm, each beside itself as FILE.gz.
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { filesBelow } from './site.mjs';

const COMPRESSIBLE = /\.(html|css|js|mjs|json|svg|webmanifest|wasm)$/;
/** Bytes: below, the headers weigh more than what is saved. */
const LEAST = 1024;

const zip = promisify(gzip);

/**
 * Writes FILE.gz beside every text and wasm file of a folder. Shards and pictures stay as they are: most are compressed
 * already, and a download of a shard that broke off is resumed at a byte of the file itself.
 * @param {string} folder
 */
export async function compressFiles(folder) {
  const files = filesBelow(folder).filter((file) => COMPRESSIBLE.test(file));
  await Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file);
      if (bytes.length < LEAST) return;
      await writeFile(`${file}.gz`, await zip(bytes, { level: constants.Z_BEST_COMPRESSION }));
    }),
  );
}
