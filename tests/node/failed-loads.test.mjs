// A load that fails, wherever it does, leaves nothing behind: no worker, no port, nothing that keeps the process alive.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  coreMissing,
  fakeImage,
  fakePackage,
  importPackage,
  ROOT,
  run,
  scratch,
  sha256,
  writeVariant,
} from './helpers.mjs';

/** Makes a variant whose shard i has this content, its hash right or not. */
async function spoiled(base, name, content, honest) {
  const manifest = await writeVariant(base, name);
  const [, shard] = manifest.precisions.int8.shards;
  const bytes = Buffer.alloc(shard.bytes, content);
  await writeFile(join(base, name, shard.file), bytes);
  if (honest) shard.sha256 = sha256(bytes);
  await writeFile(join(base, name, 'manifest.json'), JSON.stringify(manifest));
}

/** Options that abort when progress gets to a phase. */
function abortAt(phase) {
  const stop = new AbortController();
  const onProgress = (event) => {
    if (event.phase === phase) stop.abort(new Error(`aborted at ${phase}`));
  };
  return { signal: stop.signal, onProgress };
}
function abortSoon() {
  const stop = new AbortController();
  queueMicrotask(() => stop.abort(new Error('aborted at the start')));
  return { signal: stop.signal };
}
const head = (changes) => ({
  ...{ method: 'head', classes: ['a'], weights: null, precision: 'int8', transforms: undefined },
  ...{ weight: new Float32Array(2048), bias: new Float32Array(1), ...changes },
});

/** Where a load can fail: options, and the code or message of the error. */
const STAGES = {
  'a bad option': [() => ({ threads: 0 }), /threads/],
  'a wasmUrl that is no address': [() => ({ wasmUrl: 'http://' }), /wasmUrl/],
  'a wasmUrl without files': [() => ({ wasmUrl: '/nowhere/' }), /CORE_LOAD_FAILED/],
  'a wasmUrl without files, with threads': [
    () => ({ wasmUrl: '/nowhere/', flavour: 'simd-threads', threads: 2 }),
    /CORE_LOAD_FAILED/,
  ],
  'no manifest': [() => ({ weights: 'nowhere' }), /UNKNOWN_WEIGHTS/],
  'a precision that is not there': [() => ({ precision: 'f32' }), /WEIGHTS_NOT_FOUND/],
  'a shard with another hash': [() => ({ weights: 'changed' }), /WEIGHTS_HASH_MISMATCH/],
  'a shard that the core refuses': [() => ({ weights: 'refused' }), /WEIGHTS_FORMAT/],
  'a shard at which the core crashes': [() => ({ weights: 'crashing' }), /CORE_CRASHED/],
  'an abort at the start': [abortSoon, /aborted at the start/],
  'an abort while the core starts': [() => abortAt('core'), /aborted at core/],
  'an abort after the manifest': [() => abortAt('manifest'), /aborted at manifest/],
  'an abort among the shards': [() => abortAt('weights'), /aborted at weights/],
  'an abort before the load': [() => ({ signal: AbortSignal.abort(new Error('before')) }), /before/],
  'a head that is none': [() => ({ head: Buffer.from('no head') }), /WEIGHTS_FORMAT/],
  'a head of the wrong size': [() => ({ head: head({ bias: new Float32Array(3) }) }), /INVALID_ARGUMENT/],
  'a head that the core refuses': [() => ({ head: head() }), /INVALID_ARGUMENT/], // the stand-in takes none
};

/** The workers of this process that have not ended. */
function watchWorkers(t) {
  const alive = new Set();
  let count = 0;
  const seen = (worker) => {
    alive.add(worker);
    count++;
    worker.once('exit', () => alive.delete(worker));
  };
  process.on('worker', seen);
  t.after(() => process.off('worker', seen));
  return { alive, count: () => count };
}

const resources = () =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => !['Timeout', 'Immediate', 'TTYWrap', 'PipeWrap', 'FSReqPromise', 'CloseReq'].includes(kind));

for (const worker of [true, false]) {
  test(`loads that fail leave nothing behind, ${worker ? 'in workers' : 'in place'}`, async (t) => {
    const [folder, weightsDir] = [await fakePackage(t), await scratch(t)];
    await writeVariant(weightsDir, 'good');
    await spoiled(weightsDir, 'changed', 'other bytes', false);
    await spoiled(weightsDir, 'refused', 'BAD', true);
    await spoiled(weightsDir, 'crashing', 'TRAP', true);
    const { ResNet50 } = await importPackage(folder);
    const workers = watchWorkers(t);
    const before = resources();
    for (const [stage, [options, expected]] of Object.entries(STAGES)) {
      if (!worker && stage.endsWith('with threads')) continue;
      for (let i = 0; i < 3; i++) {
        const load = ResNet50.load({ weights: 'good', weightsDir, worker, ...options() });
        await assert.rejects(load, (error) => expected.test(`${error.code} ${error.message}`), stage);
        assert.equal(workers.alive.size, 0, `${stage}: a worker lives on`);
      }
    }
    assert.equal(workers.count() > 20, worker);
    assert.deepEqual(resources(), before);
    const model = await ResNet50.load({ weights: 'good', weightsDir, worker });
    assert.equal((await model.classify(fakeImage(2)))[0].index, 2);
    await model.dispose();
    assert.equal(workers.alive.size, 0);
  });

  test(`a process whose loads failed ends by itself, ${worker ? 'in workers' : 'in place'}`, async (t) => {
    const [folder, weightsDir] = [await fakePackage(t), await scratch(t)];
    await writeVariant(weightsDir, 'good');
    await spoiled(weightsDir, 'changed', 'other bytes', false);
    const script = `
      import { ResNet50 } from ${JSON.stringify(join(folder, 'dist', 'index.node.js'))};
      const common = { weightsDir: ${JSON.stringify(weightsDir)}, worker: ${worker} };
      for (const options of [{ weights: 'good', wasmUrl: 'http://' }, { weights: 'good', wasmUrl: '/nowhere' },
        { weights: 'nowhere' }, { weights: 'changed' }, { weights: 'good', signal: AbortSignal.timeout(1) }])
        await ResNet50.load({ ...common, ...options }).then((model) => model.dispose(), () => undefined);
      console.log('done');`;
    const path = join(folder, 'script.mjs');
    await writeFile(path, script);
    const { status, stdout, stderr, ms } = await run(process.execPath, [path]);
    assert.deepEqual([status, stdout.trim()], [0, 'done'], stderr);
    assert.ok(ms < 15_000, `${ms} ms`);
  });
}

test('the compiled core: twenty loads with a bad wasmUrl leave no thread', { skip: coreMissing() }, async (t) => {
  const { ResNet50 } = await import(`file://${join(ROOT, 'dist', 'index.node.js')}`);
  const workers = watchWorkers(t);
  for (let i = 0; i < 20; i++) {
    const wasmUrl = i % 2 === 0 ? 'http://' : '/nowhere/';
    await assert.rejects(ResNet50.load({ weights: null, classes: 10, threads: 1, wasmUrl }), {
      code: i % 2 === 0 ? 'INVALID_ARGUMENT' : 'CORE_LOAD_FAILED',
    });
    assert.equal(workers.alive.size, 0);
  }
  assert.equal(workers.count(), 10, 'what is no address costs no worker');
});
