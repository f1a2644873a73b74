// The real core over a long life in short (tests/soak.mjs has the long one), and at the limits of memory. The core must
// be built; weights are made up, so that no test material is needed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { soak } from '../soak.mjs';
import { blackPng, png } from '../support/png.mjs';
import { coreMissing, FLAVOURS, ROOT } from './helpers.mjs';

const small = { weights: null, classes: 10, threads: 1, transforms: { resizeSize: 32, cropSize: 32 } };
const load = async (options) => (await import('../../dist/index.node.js')).ResNet50.load({ ...small, ...options });
const picture = readFileSync(join(ROOT, 'tests', 'data', 'pictures', 'clock.jpg'));

const sized = (width, height) => ({ width, height, color: 'gray', bits: 1 });
const black = (width, height) => blackPng(sized(width, height));
/** Claims more pixels than there are. */
const bomb = png(sized(60_000, 60_000), Buffer.alloc(1 << 20));

/** In a process of its own: megabytes that each of three more models adds. */
const POOLS = `
  import { ResNet50 } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist', 'index.node.js')).href)};
  const load = { weights: 'CIFAR10_DEMO', weightsDir: ${JSON.stringify(join(ROOT, 'weights'))} };
  const resident = () => process.memoryUsage().rss / 2 ** 20;
  const first = await ResNet50.pool({ ...load, jobs: 1 });
  const before = resident();
  const more = await ResNet50.pool({ ...load, jobs: 3 });
  console.log((resident() - before) / 3);
  await first.dispose();
  await more.dispose();
`;

describe('the compiled core', { skip: coreMissing() }, () => {
  const canFree = typeof ArrayBuffer.prototype.transfer === 'function';
  test('a model more takes 45 MB', { skip: !canFree && 'this Node.js frees no buffers by hand' }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', POOLS], { encoding: 'utf8' });
    assert.ok(Number(stdout) > 20 && Number(stdout) < 60, `${stdout} MB ${stderr}`);
  });

  test('a short soak: nothing grows, nothing is wrong after errors, aborts and other models', async () => {
    const { faults, lines } = await soak({ count: 30, loads: 4, aborts: 10, every: 7 });
    assert.deepEqual(faults, [], lines.join('\n'));
  });

  test('maxBytes and maxPixels hold, whatever the format, and the next picture is the same as ever', async (t) => {
    const model = await load({ maxBytes: 50_000, maxPixels: 500 * 375 });
    t.after(() => model.dispose());
    const expected = await model.logits(picture);
    const { memoryBytes } = model.info();
    const over = [black(501, 375), bomb, Buffer.alloc(50_001), black(200_000, 1)];
    for (const bytes of over) {
      await assert.rejects(model.logits(bytes), { code: 'IMAGE_TOO_LARGE' });
      assert.deepEqual(await model.logits(picture), expected);
    }
    const pixels = { data: new Uint8Array(501 * 375), width: 501, height: 375, channels: 1 };
    await assert.rejects(model.logits(pixels), { code: 'IMAGE_TOO_LARGE' });
    for (const [width, height] of [
      [500, 375],
      [20_000, 1],
      [1, 60_000],
      [20_000, 9],
    ]) // a side has no limit of its own
      assert.equal((await model.logits(black(width, height))).length, 10, `${width} x ${height}`);
    assert.ok(model.info().memoryBytes - memoryBytes <= 2 ** 20, 'refusals cost no memory');
  });

  test('a megabyte that promises 60000 x 60000 pixels costs no memory', async (t) => {
    const model = await load({});
    t.after(() => model.dispose());
    await assert.rejects(model.logits(bomb), { code: 'IMAGE_TOO_LARGE' });
    const { memoryBytes } = model.info();
    for (let i = 0; i < 20; i++) await assert.rejects(model.logits(bomb), { code: 'IMAGE_TOO_LARGE' });
    await model.logits(picture);
    assert.equal(model.info().memoryBytes, memoryBytes);
  });

  test('more memory than the core can have: a typed error, and the next picture is the same as ever', async (t) => {
    const model = await load({});
    t.after(() => model.dispose());
    const expected = await model.logits(picture);
    // 268 megapixels, 805 MB as RGB: within the limit on pixels, not within a gigabyte beside everything else.
    await assert.rejects(model.logits(black(16_383, 16_383)), { code: 'OUT_OF_MEMORY' });
    assert.deepEqual(await model.logits(picture), expected);
    const pixels = { data: new Uint8Array(16_000 * 16_000), width: 16_000, height: 16_000, channels: 1 };
    await assert.rejects(model.logits(pixels), { code: 'OUT_OF_MEMORY' });
    assert.deepEqual(await model.logits(picture), expected);
  });

  test('readers with known memory errors are in no module: their messages are not', async () => {
    for (const name of [...FLAVOURS, 'convert-simd-threads']) {
      const wasm = readFileSync(join(ROOT, 'dist', 'wasm', `resnet50-${name}.wasm`)).toString('latin1');
      assert.ok(wasm.includes('bad png sig') || wasm.includes('bad interlace method'), `${name} has a PNG reader`);
      for (const words of ['not GIF', 'not HDR', 'not PSD', 'bad file', 'too many Comps']) {
        assert.ok(!wasm.includes(words), `${name} contains '${words}'`);
      }
    }
  });
});
