// npm run soak [-- --count N --loads N --aborts N --weights FOLDER]: a long life in short. Thousands of pictures of all
// sizes and formats with hostile files among them, models that come and go, aborts at random moments, two models at a
// time. Says what it saw; exit status 1 where memory or handles grew, or where an answer was wrong after an error.
// Without --weights the network is a random one (f32), whose logits are as good for comparing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DATA = join(ROOT, 'tests', 'data');
/** Growth of the JS heap that counts as noise, bytes. */
const HEAP_NOISE = 3 * 2 ** 20;
const WARM_UP = 100;

/** Numbers below n, the same in every run (a linear congruential generator, high bits). */
export function randomFrom(seed) {
  let state = BigInt(seed);
  return (n) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & (2n ** 64n - 1n);
    return Number((state >> 33n) % BigInt(n));
  };
}

export function goodPictures() {
  const read = (folder) =>
    readdirSync(join(DATA, folder))
      .filter((name) => /\.(jpg|png|bmp)$/.test(name))
      .sort()
      .map((name) => ({ name, bytes: readFileSync(join(DATA, folder, name)) }));
  return [...read('pictures'), ...read('image')];
}

/** Forty broken files: cut, with bytes changed, or no pictures at all. */
export function hostileFiles(pictures, random) {
  return Array.from({ length: 40 }, (_, i) => {
    const { bytes } = pictures[random(pictures.length)];
    if (i % 8 === 0)
      return Buffer.from(['', 'GIF89a', '<html>', 'RIFF0000WEBP', '\x89PNG\r\n\x1a\n'][(i / 8) % 5], 'latin1');
    const damaged = Buffer.from(i % 2 === 0 ? bytes.subarray(0, 1 + random(bytes.length - 1)) : bytes);
    for (let n = 0; n < 1 + (i % 5); n++) damaged[random(damaged.length)] = random(256);
    return damaged;
  });
}

/** A collection of garbage on demand, whatever flags node was started with. */
function garbageCollector() {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

async function measure(gc, model) {
  for (let i = 0; i < 3; i++) {
    gc();
    await sleep(20);
  }
  return {
    wasm: model?.info().memoryBytes ?? 0,
    heap: process.memoryUsage().heapUsed,
    handles: process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout').length,
    rss: process.memoryUsage().rss,
  };
}

const same = (a, b) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/**
 * @param options.count pictures; options.loads rounds of load and dispose; options.aborts aborted calls; options.every takes
 *   each so manieth picture of the collection
 * @returns {Promise<{ lines: string[], faults: string[] }>}
 */
export async function soak({ count, loads, aborts, weights = null, threads = 2, every = 1, say = () => undefined }) {
  const { ResNet50 } = await import(pathToFileURL(join(ROOT, 'dist', 'index.node.js')).href);
  const random = randomFrom(1);
  const gc = garbageCollector();
  const faults = [];
  const lines = [];
  const report = (line) => {
    lines.push(line);
    say(line);
  };
  const settings =
    weights === null ? { weights, classes: 10, transforms: { resizeSize: 32, cropSize: 32 } } : { weights };
  const open = () => ResNet50.load({ ...settings, threads, maxPixels: 2 ** 20 });
  const pictures = goodPictures().filter((_, i) => i % every === 0);
  const hostile = hostileFiles(pictures, random);

  // What each picture gives in a model that has seen no broken file.
  const fresh = await open();
  const expected = await fresh.logits(pictures.map(({ bytes }) => bytes));
  await fresh.dispose();

  const model = await open();
  let [refused, compared] = [0, 0];
  let before;
  // Every hostile file and every picture has been seen once before growth is judged: memory fits the largest.
  const warmUp = Math.max(every === 1 ? WARM_UP : 0, pictures.length + hostile.length);
  for (let i = 0; i < count + warmUp; i++) {
    const isHostile = i < warmUp ? i < hostile.length : i % 10 === 0;
    if (isHostile) {
      await model.logits(hostile[i % hostile.length]).then(
        () => undefined,
        (error) => {
          refused++;
          if (error.name !== 'ResNet50Error') faults.push(`a broken file ended with ${error.name}: ${error.message}`);
          if (error.code === 'CORE_CRASHED') faults.push(`a broken file stopped the core: ${error.message}`);
        },
      );
    } else {
      const n = i < warmUp ? i % pictures.length : random(pictures.length);
      const logits = await model.logits(pictures[n].bytes);
      compared++;
      if (!same(logits, expected[n]))
        faults.push(`picture ${i} (${pictures[n].name}) has other logits than in a fresh model`);
    }
    if (i + 1 === warmUp) before = await measure(gc, model);
  }
  const after = await measure(gc, model);
  report(`${count} pictures: ${refused} broken files refused, ${compared} logits compared with a fresh model's`);
  report(
    `  wasm ${megabytes(before.wasm)} -> ${megabytes(after.wasm)}, JS heap ${megabytes(before.heap)} -> ${megabytes(after.heap)}, handles ${before.handles} -> ${after.handles}, resident ${megabytes(before.rss)} -> ${megabytes(after.rss)}`,
  );
  if (after.wasm > before.wasm) faults.push('wasm memory grew');
  if (after.heap > before.heap + HEAP_NOISE) faults.push('the JS heap grew');
  if (after.handles > before.handles) faults.push('handles grew');

  let aborted = 0;
  const [first, second] = pictures;
  for (let i = 0; i < aborts; i++) {
    const stop = new AbortController();
    const call = model.logits(first.bytes, { signal: stop.signal }).catch((error) => {
      if (error.name !== 'AbortError') faults.push(`an aborted call ended with ${error.name}: ${error.message}`);
      aborted++;
    });
    if (i % 3 > 0) await sleep(random(12));
    stop.abort();
    await call;
    if (i % 10 === 0 && !same(await model.logits(second.bytes), expected[1]))
      faults.push('wrong logits after an abort');
  }
  report(`${aborts} calls with an abort at a random moment: ${aborted} rejected, the others were done before`);

  const other = await open();
  const both = [model, other].flatMap((one) =>
    [0, 1, 2, 3].map(async (n) => same(await one.logits(pictures[n].bytes), expected[n])),
  );
  if ((await Promise.all(both)).includes(false)) faults.push('two models at a time disturbed each other');
  report('two models at a time: 8 calls side by side');
  await other.dispose();
  await model.dispose();

  let start;
  for (let i = 0; i < loads; i++) {
    const short = await open();
    if (i % 2 === 0) await short.logits(first.bytes);
    await short.dispose();
    if (i === Math.min(9, loads - 1)) start = await measure(gc);
  }
  const end = await measure(gc);
  if (loads > 0) {
    report(
      `${loads} loads and disposals: JS heap ${megabytes(start.heap)} -> ${megabytes(end.heap)}, handles ${start.handles} -> ${end.handles}, resident ${megabytes(start.rss)} -> ${megabytes(end.rss)}`,
    );
    if (end.heap > start.heap + HEAP_NOISE) faults.push('the JS heap grew with loads');
    if (end.handles > start.handles) faults.push('handles grew with loads');
  }
  return { lines, faults };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (standard) => ({ type: 'string', default: standard });
  const { values } = parseArgs({
    options: {
      count: option('1000'),
      loads: option('50'),
      aborts: option('100'),
      threads: option('2'),
      weights: { type: 'string' },
    },
  });
  const [count, loads, aborts, threads] = [values.count, values.loads, values.aborts, values.threads].map(Number);
  const { faults } = await soak({ count, loads, aborts, threads, weights: values.weights ?? null, say: console.log });
  for (const fault of new Set(faults)) console.error(`soak: ${fault}`);
  console.log(`soak: ${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
