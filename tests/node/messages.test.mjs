// The messages between page and worker: wrong pairings do not compile, and what goes wrong in a job keeps its kind.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { importSource, ROOT, run, serve } from './helpers.mjs';

test('a request, result or progress of another job does not compile', async () => {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = await run(process.execPath, [tsc, '-p', join(ROOT, 'tests', 'types', 'tsconfig.json')], {
    timeout: 120_000,
  });
  assert.equal(status, 0, stdout);
});

const { Host } = await importSource('host/host.ts');

/** A host without a network, and its replies by id. */
function startHost() {
  const replies = new Map();
  const host = new Host({}, (reply, transfer) => replies.set(reply.id, { ...reply, transfer }));
  return { host, replies };
}

test('a host fetches pictures by address, even without a network, and stops when told', async (t) => {
  const picture = Buffer.from('a picture');
  const { url } = await serve(t, { '/p': picture, '/never': () => undefined });
  const { host, replies } = startHost();
  const ask = (id, path, maxBytes = 1000) =>
    host.receive({ id, job: 'fetch', request: { url: url + path, maxBytes, attempts: 1 } });
  await Promise.all([ask(1, '/p'), ask(2, '/none'), ask(3, '/p', 4)]);
  assert.ok(picture.equals(replies.get(1).value));
  assert.deepEqual(replies.get(1).transfer, [replies.get(1).value.buffer], 'moved, not copied');
  assert.deepEqual([replies.get(2).error.code, replies.get(2).fatal], ['FETCH_FAILED', false]);
  assert.deepEqual([replies.get(3).error.code, replies.get(3).fatal], ['IMAGE_TOO_LARGE', false]);
  const waiting = ask(4, '/never');
  await host.receive({ id: 4, abort: true });
  await waiting;
  assert.deepEqual([replies.get(4).error.code, replies.get(4).fatal], ['ABORTED', false]);
});

test('jobs without a network, and jobs that do not exist, leave the host alive', async () => {
  const { host, replies } = startHost();
  await host.receive({ id: 1, job: 'shards', request: null });
  await host.receive({ id: 2, job: 'forget', request: null });
  assert.deepEqual([replies.get(1).error.code, replies.get(1).fatal], ['NOT_READY', false]);
  assert.deepEqual([replies.get(2).error.code, replies.get(2).fatal], ['INTERNAL', false]);
});
