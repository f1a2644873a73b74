// npm run test:browser: makes what the browser tests share, then runs them. One file at a time: they share two cores
// with browsers that use both. Arguments name test files instead of all.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installedTools, prepared, ROOT } from './prepare.mjs';

const folder = join(ROOT, 'tests', 'browser');
const given = process.argv.slice(2);
const files =
  given.length > 0
    ? given
    : readdirSync(folder)
        .filter((name) => name.endsWith('.test.mjs'))
        .map((name) => join(folder, name));

const begun = Date.now();
const { noWeights } = prepared();
if (noWeights) console.error(`test: skipping everything that needs weights: ${noWeights}`);
if (files.some((file) => file.includes('bundlers'))) installedTools('bundlers');
if (files.some((file) => file.includes('runtimes'))) installedTools('runtimes');
console.error(`test: browser tests prepared in ${Math.round((Date.now() - begun) / 1000)} s`);
const failed = files.filter(
  (file) =>
    spawnSync(process.execPath, ['--test', '--test-concurrency=1', file], { cwd: ROOT, stdio: 'inherit' }).status !== 0,
);
if (failed.length > 0) console.error(`test: failed: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
