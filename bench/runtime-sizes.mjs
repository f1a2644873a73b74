// Bytes of runtime files as they lie on a disk and as servers send them: raw, gzip -9, brotli 11. Brotli takes half a minute
// for the largest, so results are kept by content.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { work } from './tools.mjs';

const memory = join(work, 'sizes.json');

function compress(bytes) {
  const params = { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** The sum over files: { raw, gzip, brotli } in bytes. */
export function sizesOf(files) {
  const known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : {};
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of new Set(files)) {
    const bytes = readFileSync(file);
    const key = createHash('sha256').update(bytes).digest('hex');
    known[key] ??= compress(bytes);
    for (const kind of Object.keys(total)) total[kind] += known[key][kind];
  }
  writeFileSync(memory, JSON.stringify(known));
  return total;
}
