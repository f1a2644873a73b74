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
/** Firefox has been seen to stop answering for good, at random and seldom; a second failure in a row is ours. */
function runFile(file) {
  const run = () =>
    spawnSync(process.execPath, ['--test', '--test-concurrency=1', file], { cwd: ROOT, stdio: 'inherit' }).status === 0;
  if (run()) return true;
  console.error(
    `test: ${file} FAILED; it is run once more, because browsers hang at times: read the output above all the same`,
  );
  return run();
}

const failed = files.filter((file) => !runFile(file));
if (failed.length > 0) console.error(`test: failed twice: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
