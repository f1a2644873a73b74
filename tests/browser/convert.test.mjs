// resnet50-wasm/convert in pages, from the packed tarball, under a strict CSP: Node's bytes with threads and without, the
// result in a model, aborts, refusals, and no worker that is left over.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { prepared } from '../support/prepared.mjs';
import { stage } from '../support/stage.mjs';
import { LIMIT } from '../support/wait.mjs';
import { randomCheckpoint } from './pages/random-checkpoint.mjs';

/** As little work as a conversion can be. */
const INT8 = { transforms: 'V1', calibrationImages: 1, matching: false, compensation: false };
const F32 = { transforms: 'V1', precision: 'f32', compress: 'none' };
const expected = {};

/** The manifest names the hash of every other file. */
async function manifestInNode(options) {
  const { convert } = await import(pathToFileURL(join(prepared.packageFolder, 'dist', 'convert.node.js')).href);
  const { files } = await convert(new File([randomCheckpoint()], 'random.safetensors'), options);
  return createHash('sha256').update(files.get('manifest.json')).digest('hex');
}

/** In the page: the API, a checkpoint, and how many workers are alive. */
async function prepareInPage() {
  if (globalThis.inPage) return;
  const counted = { alive: 0 };
  const Own = globalThis.Worker;
  globalThis.Worker = class extends Own {
    #ended = false;
    constructor(...args) {
      super(...args);
      counted.alive++;
    }
    terminate() {
      if (!this.#ended) counted.alive--;
      this.#ended = true;
      super.terminate();
    }
  };
  const [{ convert }, { ResNet50, ResNet50Error }, { randomCheckpoint }] = await Promise.all([
    import('/package/dist/convert.js'),
    import('/package/dist/index.js'),
    import('/tools/random-checkpoint.mjs'),
  ]);
  const hashOf = async (bytes) => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  const noneAlive = async () => {
    for (let i = 0; counted.alive > 0 && i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 100));
    return counted.alive === 0;
  };
  const file = new File([randomCheckpoint()], 'random.safetensors');
  globalThis.inPage = { convert, ResNet50, ResNet50Error, hashOf, noneAlive, file };
}

for (const name of BROWSERS) {
  describe(`${name}: conversion in a page`, { skip: browserMissing(name) }, () => {
    const isolated = stage(name);
    const plain = stage(name, { isolated: false });

    before(async () => {
      expected.int8 ??= await manifestInNode(INT8);
      expected.f32 ??= await manifestInNode(F32);
    });

    test('with threads: Node’s bytes, and a model of them', LIMIT, async () => {
      await isolated.open(async (page) => {
        await page.evaluate(prepareInPage);
        const found = await page.evaluate(async (options) => {
          const { convert, ResNet50, hashOf, noneAlive, file } = globalThis.inPage;
          const phases = [];
          const onProgress = ({ phase }) => phases.at(-1) === phase || phases.push(phase);
          const photo = await (await fetch('/pictures/clock.jpg')).blob();
          const made = await convert(file, { ...options, onProgress, evaluate: [photo] });
          const alone = await noneAlive();
          const model = await ResNet50.load({ weights: made });
          const [best] = await model.classify(photo);
          await model.dispose();
          const [{ guesses }] = made.report.photos;
          return {
            phases,
            alone,
            same: guesses.int8[0].label === best.label,
            label: best.label,
            hash: await hashOf(made.files.get('manifest.json')),
          };
        }, INT8);
        assert.deepEqual(found, {
          phases: ['read', 'calibrate', 'observe', 'quantize', 'write-int8', 'evaluate'],
          ...{ alone: true, same: true, label: found.label, hash: expected.int8 },
        });
        assert.match(found.label, /^class [0-2]$/);
        assert.deepEqual(isolated.lines, []);
      });
    });

    test('without threads, from bytes: Node’s bytes', LIMIT, async () => {
      await plain.open(async (page) => {
        await page.evaluate(prepareInPage);
        const hash = await page.evaluate(async (options) => {
          const { convert, hashOf, file } = globalThis.inPage;
          const made = await convert(await file.arrayBuffer(), { ...options, name: 'random' });
          const manifest = JSON.parse(new TextDecoder().decode(made.files.get('manifest.json')));
          manifest.source.file = file.name; // bytes have no name
          return hashOf(new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`));
        }, F32);
        assert.equal(hash, expected.f32);
      });
    });

    test('an abort ends it at once; what is no checkpoint is refused; the next one works', LIMIT, async () => {
      await isolated.open(async (page) => {
        await page.evaluate(prepareInPage);
        const found = await page.evaluate(async (options) => {
          const { convert, ResNet50Error, noneAlive, file } = globalThis.inPage;
          const outcome = (given, more) =>
            convert(given, { ...options, ...more }).then(
              () => 'converted',
              (error) => [error instanceof ResNet50Error, error.code ?? error.message],
            );
          const stop = new AbortController();
          let at = 0;
          const onProgress = ({ phase }) => {
            if (phase !== 'calibrate' || at > 0) return;
            at = performance.now();
            stop.abort(new Error('enough'));
          };
          const aborted = await outcome(file, { calibrationImages: 64, signal: stop.signal, onProgress });
          const late = performance.now() - at;
          const refused = await outcome(new File(['not a checkpoint'], 'notes.pth'));
          const unlabeled = await outcome(file, { labels: ['one'] });
          return { aborted, late, refused, unlabeled, alone: await noneAlive() };
        }, INT8);
        assert.ok(found.late < 2000, `${found.late} ms after the abort`);
        assert.deepEqual(found, {
          ...{ aborted: [false, 'enough'], late: found.late, alone: true },
          ...{ refused: [true, 'CHECKPOINT_FORMAT'], unlabeled: [true, 'INVALID_ARGUMENT'] },
        });
      });
    });
  });
}
