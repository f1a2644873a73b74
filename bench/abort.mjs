// node bench/abort.mjs: work that is slow on purpose (large crops, large pictures, a manifest with a million classes): how
// long it takes, how long an abort takes to reject, and when the next call has its answer, milliseconds.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ResNet50 } from '../dist/index.node.js';
import { blackPng } from '../tests/support/png.mjs';

const photo = new URL('../tests/data/pictures/clock.jpg', import.meta.url);

/** A gray PNG of 8 bits. */
const grayPng = (side) => blackPng({ width: side, height: side, color: 'gray' });

const elapsed = async (work) => {
  const started = performance.now();
  const outcome = await work().then(
    () => 'answered',
    (error) => error.code ?? error,
  );
  return { ms: Math.round(performance.now() - started), outcome };
};

const crop = (cropSize) => ({ transforms: { resizeSize: cropSize, cropSize } });
const cases = [
  ['cropSize 1024', photo, crop(1024)],
  ['cropSize 2048', photo, crop(2048)],
  ['cropSize 4096', photo, crop(4096)],
  ['PNG of 64 MP', grayPng(8000), {}],
  ['PNG of 144 MP', grayPng(12_000), {}],
];

for (const worker of [true, false]) {
  for (const [name, image, options] of cases) {
    const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', worker });
    await model.classify(photo);
    const whole = await elapsed(() => model.classify(image, options));
    const controller = new AbortController();
    let aborted = Number.NaN;
    const stop = after(20).then(() => {
      aborted = performance.now();
      controller.abort('aborted');
    });
    const { outcome } = await elapsed(() => model.classify(image, { ...options, signal: controller.signal }));
    const rejected = Math.round(performance.now() - aborted);
    await stop;
    await model.classify(photo);
    const next = Math.round(performance.now() - aborted);
    const how = worker ? `in a worker, ${model.info().threads} threads` : 'in place';
    console.log(
      `${how}, ${name}: ${whole.outcome} after ${whole.ms}; ${outcome} ${rejected} after an abort, the next answer ${next} after it`,
    );
    await model.dispose();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-bench-'));
try {
  await cp(new URL('../weights/CIFAR10_DEMO', import.meta.url), join(folder, 'CIFAR10_DEMO'), { recursive: true });
  const file = join(folder, 'CIFAR10_DEMO', 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  const categories = Array.from({ length: 1_000_000 }, (_, i) => ({ label: `class ${i}` }));
  const text = JSON.stringify({ ...manifest, classes: categories.length, categories });
  await writeFile(file, text);
  const { ms, outcome } = await elapsed(() => ResNet50.load({ weights: 'CIFAR10_DEMO', weightsDir: folder }));
  console.log(`a manifest with a million classes, ${(text.length / 2 ** 20).toFixed(0)} MiB: ${outcome} after ${ms}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
