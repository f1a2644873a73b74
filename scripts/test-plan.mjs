// Which files of tests/node run when. `npm test` runs the short ones in this Node.js; the rest of the tests runs all files
// in the newest Node.js and, in this one, those that depend on what Node.js it is and are not short.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

/** Half a minute or more each, or beside packages of Python that `npm test` does not install. */
const LONG = [
  'aborts.test.mjs',
  'checkpoints.test.mjs',
  'convert-api.test.mjs',
  'docs-site.test.mjs',
  'end-to-end.test.mjs',
  'examples-queue.test.mjs',
  'examples-server.test.mjs',
  'faults.test.mjs',
  'fit-photos.test.mjs',
  'logits-photos.test.mjs',
  'logits-torchvision.test.mjs',
  'memory.test.mjs',
  'model-int8.test.mjs',
  'package.test.mjs',
  'parquet.test.mjs',
  'scaling.test.mjs',
  'types.test.mjs',
  'verify-torchvision.test.mjs',
];

/** What an older Node.js may do otherwise. */
const OLDEST = ['aborts.test.mjs', 'cli.test.mjs', 'end-to-end.test.mjs', 'model.test.mjs'];

/** @param part 'all', 'short' or 'oldest'; names of files in tests/node */
export function filesOf(part) {
  const all = readdirSync(join(root, 'tests', 'node')).filter((name) => name.endsWith('.test.mjs'));
  const stale = [...LONG, ...OLDEST].find((name) => !all.includes(name));
  if (stale !== undefined) throw new Error(`scripts/test-plan.mjs names tests/node/${stale}, which is not there`);
  if (part === 'all') return all;
  const isShort = (name) => !LONG.includes(name);
  return part === 'short' ? all.filter(isShort) : OLDEST.filter((name) => !isShort(name));
}
