// What a page hands over: things that another frame made, files that only the page's own <img> shows, and nonsense.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BROWSERS, browserMissing, openPage } from '../support/browsers.mjs';
import { ROOT } from '../support/prepare.mjs';
import { startServer } from '../support/server.mjs';
import { newContext } from '../support/shared-browsers.mjs';
import { LIMIT } from '../support/wait.mjs';

const image = (name) => readFileSync(join(ROOT, 'tests', 'data', 'image', name));
const whole = image('jpeg420.jpg');
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="red"/></svg>';
const files = {
  '/whole.jpg': [whole, 'image/jpeg'],
  '/no-end.jpg': [whole.subarray(0, -2), 'image/jpeg'],
  '/cut.jpg': [whole.subarray(0, -60), 'image/jpeg'],
  '/drawing.svg': [Buffer.from(SVG), 'image/svg+xml'],
  '/text.jpg': [Buffer.from('just text'), 'image/jpeg'],
};
const pages = {
  '/index.html': '<!doctype html><meta charset=utf-8><title>inputs</title><iframe src="/frame.html"></iframe>',
  '/frame.html': '<!doctype html><img src="/whole.jpg"><canvas width=64 height=64></canvas>',
};

/** Runs in the page. */
async function tryAll() {
  const { ResNet50 } = await import('/package/dist/index.js');
  const where = { weights: 'CIFAR10_DEMO', weightsUrl: '/package/weights/', flavour: 'simd' };
  const model = await ResNet50.load(where);
  const outcome = (promise) =>
    promise.then(
      () => 'taken',
      (e) => `${e.name} ${e.code}`,
    );
  const frame = document.querySelector('iframe').contentWindow;
  const bytes = new Uint8Array(await (await fetch('/whole.jpg')).arrayBuffer());
  const theirs = new frame.Uint8Array(bytes);
  await frame.document.querySelector('img').decode();
  const seen = await model.preprocess(bytes);
  const fromFrame = {
    Uint8Array: theirs,
    ArrayBuffer: theirs.buffer,
    Blob: new frame.Blob([theirs]),
    File: new frame.File([theirs], 'x.jpg'),
    Response: await frame.fetch('/whole.jpg'),
    stream: (await frame.fetch('/whole.jpg')).body,
    URL: new frame.URL('/whole.jpg', location.href),
    img: frame.document.querySelector('img'),
    canvas: frame.document.querySelector('canvas'),
    ImageBitmap: await frame.createImageBitmap(new frame.Blob([theirs])),
    ImageData: new frame.ImageData(new frame.Uint8ClampedArray(64 * 64 * 4), 64, 64),
  };
  const frames = {};
  for (const [kind, input] of Object.entries(fromFrame)) frames[kind] = await outcome(model.classify(input));
  frames.tensor = await outcome(model.logits({ ...seen, tensor: new frame.Float32Array(seen.tensor) }));
  const { signal } = new frame.AbortController();
  frames.signal = await outcome(model.classify(bytes, { signal }));
  frames.aborted = await outcome(model.classify(bytes, { signal: frame.AbortSignal.abort() }));

  const damaged = {};
  for (const name of ['no-end.jpg', 'cut.jpg', 'drawing.svg', 'text.jpg']) {
    const element = new Image();
    element.src = `/${name}`;
    await element.decode().catch(() => undefined);
    const file = await (await fetch(`/${name}`)).blob();
    damaged[name] = {
      shown: element.naturalWidth > 0,
      img: await outcome(model.classify(element)),
      address: await outcome(model.classify(`/${name}`)),
      blob: await outcome(model.classify(file)),
    };
  }

  const odd = {};
  const used = new Response(bytes);
  await used.clone().text();
  await used.text();
  const moved = new Uint8Array(bytes);
  structuredClone(moved.buffer, { transfer: [moved.buffer] });
  // biome-ignore lint/suspicious/noSparseArray: a list with a hole
  const inputs = { 'http://': 'http://', 'a:b': 'a:b.jpg', null: null, used, moved, hole: [bytes, , bytes] };
  for (const [kind, input] of Object.entries(inputs)) odd[kind] = await outcome(model.classify(input));
  for (const [option, value] of Object.entries({ wasmModule: {}, weightsUrl: 5, workerUrl: {}, signal: null, topk: 1 }))
    odd[option] = await outcome(ResNet50.load({ ...where, [option]: value }));
  const settings = { transforms: new Proxy({ mean: [0.485, 0.456, 0.406] }, {}), background: new Proxy([0, 0, 0], {}) };
  odd.proxies = await outcome(model.classify(bytes, settings));
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1);
  const silent = ResNet50.load({ ...where, workerUrl: '/silent/', signal: controller.signal });
  odd.abort = await outcome(silent.then(() => undefined));
  await model.dispose();
  return { frames, damaged, odd };
}

for (const name of BROWSERS) {
  describe(`${name}: inputs`, { skip: browserMissing(name) }, () => {
    test('frames, damaged files and nonsense', LIMIT, async (t) => {
      const fault = (_request, response, path) => {
        if (path.startsWith('/silent/')) {
          response.setHeader('content-type', 'text/javascript');
          response.end('setInterval(() => undefined, 1000);');
          return true;
        }
        if (!Object.hasOwn(files, path)) return false;
        const [content, type] = files[path];
        response.setHeader('content-type', type);
        response.end(content);
        return true;
      };
      const server = await startServer({ folders: { '/package/': ROOT }, isolated: true, pages, fault });
      t.after(() => server.close());
      const context = await newContext(name);
      t.after(() => context.close());
      const page = await openPage(context, `${server.origin}/index.html`);
      const { frames, damaged, odd } = await page.evaluate(tryAll);

      const { aborted, ...taken } = frames;
      for (const [kind, result] of Object.entries(taken)) assert.equal(result, 'taken', kind);
      assert.match(aborted, /^AbortError/);
      for (const [file, { shown, ...results }] of Object.entries(damaged)) {
        const expected = shown ? 'taken' : 'ResNet50Error NOT_AN_IMAGE';
        for (const [kind, result] of Object.entries(results)) assert.equal(result, expected, `${file} as ${kind}`);
        assert.equal(shown, file !== 'text.jpg', file);
      }
      assert.deepEqual(odd, {
        'http://': 'ResNet50Error UNSUPPORTED_INPUT',
        'a:b': 'ResNet50Error FETCH_FAILED',
        null: 'ResNet50Error UNSUPPORTED_INPUT',
        used: 'ResNet50Error UNSUPPORTED_INPUT',
        moved: 'ResNet50Error UNSUPPORTED_INPUT',
        hole: 'ResNet50Error UNSUPPORTED_INPUT',
        ...Object.fromEntries(
          ['wasmModule', 'weightsUrl', 'workerUrl', 'signal', 'topk'].map((o) => [o, 'ResNet50Error INVALID_ARGUMENT']),
        ),
        proxies: 'taken',
        abort: odd.abort,
      });
      assert.match(odd.abort, /^AbortError/);
    });
  });
}
