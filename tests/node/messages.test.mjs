// The messages between page and worker: wrong pairings do not compile, and what goes wrong in a job keeps its kind.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, run } from './helpers.mjs';

test('a request, result or progress of another job does not compile', async () => {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = await run(process.execPath, [tsc, '-p', join(ROOT, 'tests', 'types', 'tsconfig.json')], {
    timeout: 120_000,
  });
  assert.equal(status, 0, stdout);
});
