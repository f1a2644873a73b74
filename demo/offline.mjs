// Writes the site's service worker, which knows by name what there is to keep. Knows nothing of pages.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const SOURCE = new URL('offline-worker.js', import.meta.url);
/** The package keeps weights itself, after it has checked them. */
const NOT_KEPT = /^weights\//;

/**
 * @param {string} out folder of the site, whose other files are all there
 * @param {string[]} paths of these files
 * @param {{ file: string, isolates: boolean }} worker its name, and whether it adds the headers of isolation
 */
export function writeOfflineWorker(out, paths, { file, isolates }) {
  const names = paths.map((path) => relative(out, path).replaceAll('\\', '/')).filter((name) => !NOT_KEPT.test(name));
  const hash = createHash('sha256');
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(out, name)));
  const constants = { FILES: names, VERSION: hash.digest('hex').slice(0, 16), ISOLATE: isolates };
  const lines = Object.entries(constants).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
  writeFileSync(join(out, file), lines.join('') + readFileSync(SOURCE, 'utf8'));
}
