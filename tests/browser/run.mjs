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
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...files], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exit(status ?? 1);
