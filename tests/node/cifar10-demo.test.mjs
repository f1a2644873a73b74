// The variant that is part of the package: found without any setting, right on pictures of our own, close to torchvision's
// float32 logits, and the same bits everywhere. Needs neither a network nor test material.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { coreMissing, FLAVOURS, ROOT, run, scratch, sha256 } from './helpers.mjs';

const PICTURES = join(ROOT, 'tests', 'data', 'cifar10');
const pictures = JSON.parse(readFileSync(join(PICTURES, 'pictures.json'), 'utf8'));
const files = pictures.map(({ file }) => join(PICTURES, file));
const golden = JSON.parse(readFileSync(join(PICTURES, 'logits.json'), 'utf8'));
const manifest = JSON.parse(readFileSync(join(ROOT, 'weights', 'CIFAR10_DEMO', 'manifest.json'), 'utf8'));
const skip = coreMissing();
/** Of int8 logits against torchvision's; 18.7 were measured (20.8 on CIFAR-10's own pictures). */
const LEAST_DECIBELS = 18;

const load = async (options = {}) => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  return ResNet50.load({ weights: 'CIFAR10_DEMO', ...options });
};

test('the registry and the manifest say the same, and what was measured holds', { skip }, async () => {
  const { ResNet50_Weights } = await import('../../dist/index.node.js');
  const weights = ResNet50_Weights.CIFAR10_DEMO;
  const { categories, ...meta } = weights.meta;
  assert.deepEqual(manifest.meta, meta);
  assert.deepEqual(
    manifest.categories.map(({ label }) => label),
    categories,
  );
  assert.deepEqual(manifest.transforms, weights.transforms());
  assert.equal(manifest.parameters, meta.num_params);
  const { int8, f32 } = manifest.quantization.measured;
  assert.deepEqual([int8.images, f32.images], [10_000, 10_000]);
  // torchvision measured the same checkpoint on the same pictures, decoded by another library.
  assert.ok(Math.abs(f32.top1 - meta._metrics['CIFAR-10']['acc@1']) <= 0.2, `${f32.top1}`);
});

test('right on pictures of our own', { skip }, async () => {
  const model = await load();
  const best = await model.classify(files, { topK: 1 });
  await model.dispose();
  assert.deepEqual(
    best.map(([{ index, label }]) => ({ index, label })),
    pictures.map(({ index, label }) => ({ index, label })),
  );
});

test("int8 logits are close to torchvision's in float32", { skip }, async () => {
  const model = await load();
  const logits = await model.logits(files);
  await model.dispose();
  const { measure } = await import('../../dist/measures.js');
  const { agreement, signalToNoise } = measure(
    logits,
    pictures.map(({ index }) => index),
    golden.torchvision,
  );
  assert.equal(agreement, 100);
  assert.ok(signalToNoise > LEAST_DECIBELS, `${signalToNoise} dB`);
});

test('the same bits over flavours, numbers of threads, and machines', { skip }, async () => {
  const { probeEngine } = await import('../../dist/index.node.js');
  for (const flavour of FLAVOURS.filter((name) => name.startsWith('simd') || probeEngine().relaxedSimd)) {
    for (const threads of flavour.endsWith('threads') ? [1, 2] : [1]) {
      const model = await load({ flavour, threads });
      const rows = await model.logits(files);
      await model.dispose();
      const hashes = Object.fromEntries(rows.map((row, i) => [pictures[i].file, sha256(row)]));
      assert.deepEqual(hashes, golden.int8, `${flavour}, ${threads} threads`);
    }
  }
});

test('command line: listed as part of the package, copied for a page, used by name', { skip }, async (t) => {
  const home = await scratch(t);
  const env = { XDG_CACHE_HOME: home, RESNET50_WEIGHTS_DIR: '' };
  const cli = (...args) => run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], { env });
  assert.match(
    (await cli('weights')).stdout,
    /^CIFAR10_DEMO +[\d.]+% top-1 of CIFAR-10 in float32 +installed \(int8\)$/m,
  );
  const there = await cli('weights', 'CIFAR10_DEMO');
  assert.deepEqual([there.status, there.stdout], [0, '']);
  assert.match(there.stderr, /is part of the package, in .*weights\/CIFAR10_DEMO \(--out copies it\)/);
  assert.equal((await cli('weights', 'CIFAR10_DEMO', '--out', join(home, 'public'))).status, 0);
  for (const weights of ['CIFAR10_DEMO', join(home, 'public', 'CIFAR10_DEMO')]) {
    const { stdout } = await cli('classify', files[0], '--weights', weights, '-k', '1', '--json');
    assert.equal(JSON.parse(stdout)[0].classes[0].label, pictures[0].label, stdout);
  }
  const missing = await cli('classify', files[0]);
  assert.match(missing.stderr, /npx resnet50-wasm weights IMAGENET1K_V2, or .*--weights CIFAR10_DEMO, ten classes/);
});

test('npm start without a network and without checkpoints: ten classes, and how to get a thousand', {
  skip,
}, async (t) => {
  const home = await scratch(t);
  // A copy: the repository's own build/ may hold weights of earlier runs.
  const clone = join(home, 'clone');
  for (const name of ['package.json', 'dist', 'weights', 'scripts', 'tests/data/cifar10'])
    await cp(join(ROOT, name), join(clone, name), { recursive: true });
  const weights = `import { findWeights } from ${JSON.stringify(join(clone, 'scripts', 'weights.mjs'))};
    console.log((await findWeights(console.error)).name);`;
  const env = { XDG_CACHE_HOME: home, RESNET50_WEIGHTS_DIR: '', RESNET50_TEST_MATERIAL: join(home, 'none') };
  const offline = {
    ...env,
    NODE_OPTIONS: `--import=${JSON.stringify(`data:text/javascript,${encodeURIComponent(OFFLINE)}`)}`,
  };
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', weights], { env: offline });
  assert.equal(stdout.trim(), 'CIFAR10_DEMO');
  assert.match(
    stderr,
    /torchvision cannot be reached: using CIFAR10_DEMO, which knows ten classes only \(airplane, .*for the 1000 of ImageNet run this again/,
  );
});

/** What a process without a network sees. */
const OFFLINE = 'globalThis.fetch = async () => { throw new TypeError("fetch failed"); };';
