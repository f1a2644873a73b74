// Probes are run, not guessed: in this engine, and in Node 20 with the flag behind which it has another relaxed SIMD.
// RESNET50_NODES may name more node executables (separated by ':'), each with what to expect: path=relaxed or path=simd.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { build } from 'esbuild';
import { importSource, ROOT, run, scratch } from './helpers.mjs';

const { probeEngine, chooseFlavour, autoThreads, checkEngine } = await importSource('base/engine-support.ts');
const major = Number(process.versions.node.split('.')[0]);

test('this engine: SIMD, threads, relaxed SIMD from Node 22 on', () => {
  const { simd, relaxedSimd, threads } = probeEngine();
  assert.deepEqual({ simd, relaxedSimd, threads }, { simd: true, relaxedSimd: major >= 22, threads: true });
});

async function probeIn(t, node, flags) {
  const folder = await scratch(t);
  const script = join(folder, 'probe.mjs');
  const source = join(folder, 'features.mjs');
  await build({
    entryPoints: [join(ROOT, 'web/base/engine-support.ts')],
    bundle: true,
    format: 'esm',
    outfile: source,
  });
  await writeFile(script, "import { probeEngine } from './features.mjs'; console.log(JSON.stringify(probeEngine()));");
  const { stdout, stderr } = await run(node, [...flags, script]);
  assert.match(stdout, /relaxedSimd/, stderr);
  return JSON.parse(stdout);
}

test('the draft of relaxed SIMD behind a flag of Node 20 does not count', {
  skip: major > 20 && 'needs Node 20',
}, async (t) => {
  const { simd, relaxedSimd } = await probeIn(t, process.execPath, ['--experimental-wasm-relaxed-simd']);
  assert.deepEqual({ simd, relaxedSimd }, { simd: true, relaxedSimd: false });
});

test('other versions of Node', { skip: !process.env.RESNET50_NODES && 'RESNET50_NODES names none' }, async (t) => {
  for (const entry of process.env.RESNET50_NODES.split(':')) {
    const [node, expected] = entry.split('=');
    assert.equal((await probeIn(t, node, [])).relaxedSimd, expected === 'relaxed', node);
  }
});

const all = { simd: true, relaxedSimd: true, threads: true, threadsWhy: '' };
const choose = (features, demand) => {
  const { flavour, threads } = chooseFlavour({ ...all, ...features }, { threads: 'auto', cores: 4, ...demand });
  return `${flavour} ${threads}`;
};

test('the best flavour that works is chosen', () => {
  assert.equal(choose({}, {}), 'relaxed-threads 4');
  assert.equal(choose({ relaxedSimd: false }, {}), 'simd-threads 4');
  assert.equal(choose({ threads: false, threadsWhy: 'no' }, {}), 'relaxed 1');
  assert.equal(choose({}, { threads: 1 }), 'relaxed 1');
  assert.equal(choose({}, { cores: 1 }), 'relaxed 1');
  assert.equal(choose({}, { noThreads: 'in place' }), 'relaxed 1');
  assert.equal(choose({}, { flavour: 'simd' }), 'simd 1');
  assert.equal(choose({ simd: false, relaxedSimd: false }, { injected: true }), 'simd 1');
  assert.deepEqual([1, 2, 4, 8, 12, 64].map(autoThreads), [1, 2, 4, 4, 6, 8]);
});

test('the reasons say why threads are off', () => {
  const features = { ...all, threads: false, threadsWhy: 'the page is not cross-origin isolated' };
  const { why } = chooseFlavour(features, { threads: 'auto', cores: 4 });
  assert.match(why.join('\n'), /1 thread: the page is not cross-origin isolated/);
});

test('what cannot work is refused by name', () => {
  assert.throws(() => choose({ simd: false }, {}), { code: 'SIMD_MISSING' });
  assert.throws(() => choose({ relaxedSimd: false }, { flavour: 'relaxed' }), { code: 'SIMD_MISSING' });
  assert.throws(() => choose({ threads: false }, { flavour: 'simd-threads' }), { code: 'THREADS_UNAVAILABLE' });
});

test('an engine without a function that every call needs is refused with the versions that have it', (t) => {
  checkEngine();
  const { any } = AbortSignal;
  t.after(() => {
    AbortSignal.any = any;
  });
  delete AbortSignal.any;
  assert.throws(checkEngine, { code: 'ENGINE_TOO_OLD', message: /Chrome or Edge 116.*Safari 17\.4/ });
});

test('the probe of shared memory leaves no port behind', async () => {
  const probeOften = async () => {
    for (let i = 0; i < 50; i++) probeEngine();
    await sleep(100); // ports close in their own time
    return queryObjects(MessagePort);
  };
  await probeOften();
  const before = await probeOften();
  const after = await probeOften();
  assert.ok(after < before + 10, `${before} ports, then ${after}`);
});
