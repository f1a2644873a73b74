// The package in a page, in real browsers, from the packed tarball, under a strict CSP: the same bits as Node, every
// kind of input, every flavour, isolation on and off.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { finetunedInNode, headInNode, logitsInNode, SMALL } from '../support/in-node.mjs';
import { prepared } from '../support/prepared.mjs';
import { stage } from '../support/stage.mjs';
import { LIMIT } from '../support/wait.mjs';

const { noWeights, pictures } = prepared;
const files = readdirSync(pictures).filter((name) => /\.(jpg|png|bmp)$/.test(name));
const expected = { int8: {}, f32: {}, head: '', finetuned: '' };

for (const name of BROWSERS) {
  describe(`${name}: a page under a strict CSP`, { skip: browserMissing(name) || noWeights }, () => {
    const isolated = stage(name);
    const plain = stage(name, { isolated: false });
    const open = stage(name, { csp: undefined }); // for <img> and <video> of blob: addresses

    before(async () => {
      if (Object.keys(expected.int8).length > 0) return;
      expected.int8 = await logitsInNode(files);
      expected.head = await headInNode(['clock.jpg', 'golf-ball.jpg']);
      expected.finetuned = await finetunedInNode();
      expected.f32 = await logitsInNode(['clock.jpg'], { precision: 'f32', flavour: 'simd-threads' });
    });

    /** Loads in the page and hashes the logits of files; gives them with info(). */
    const hashesIn = (page, names, options = {}) =>
      page.evaluate(
        async (names, options) => {
          const { ResNet50 } = await import('/package/dist/index.js');
          const { hashOf } = await import('/tools/tools.mjs');
          const model = await ResNet50.load({ weights: 'pqf', ...options });
          const hashes = {};
          for (const file of names) hashes[file] = await hashOf(await model.logits(`/pictures/${file}`));
          const info = model.info();
          await model.dispose();
          return { hashes, info };
        },
        names,
        options,
      );

    test('isolated: threads, and the same bits as Node for every picture', LIMIT, async () => {
      await isolated.open(async (page) => {
        const { hashes, info } = await hashesIn(page, files);
        assert.deepEqual(hashes, expected.int8);
        assert.match(info.flavour, /^(relaxed|simd)-threads$/);
        assert.ok(info.threads >= 2 && info.worker, JSON.stringify(info));
        assert.deepEqual(isolated.lines, []);
      });
    });

    test('not isolated: one thread, the same bits, one hint that says how to get threads', LIMIT, async () => {
      await plain.open(async (page) => {
        const { hashes, info } = await hashesIn(page, files);
        assert.deepEqual(hashes, expected.int8);
        assert.equal(info.threads, 1);
        assert.match(info.why.join('\n'), /not cross-origin isolated/);
        await hashesIn(page, []);
        const hints = plain.lines.filter((line) => /resnet50-wasm/.test(line));
        assert.equal(hints.length, 1, plain.lines.join('\n'));
        assert.match(hints[0], /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/);
      });
    });

    for (const options of [
      { flavour: 'simd' },
      { flavour: 'simd-threads', threads: 2 },
      { flavour: 'relaxed' },
      { flavour: 'relaxed-threads', threads: 3 },
      { worker: false },
    ]) {
      test(`${JSON.stringify(options)}: the same bits`, LIMIT, async (t) => {
        await isolated.open(async (page) => {
          const relaxed = await page.evaluate(async () => (await import('/tools/tools.mjs')).hasRelaxedSimd());
          if (options.flavour?.startsWith('relaxed') && !relaxed) {
            await assert.rejects(hashesIn(page, [], options), /needs SIMD that this engine does not have/);
            return t.skip('this engine has no relaxed SIMD, and the flavour is refused by name');
          }
          const { hashes, info } = await hashesIn(page, ['clock.jpg', 'traffic-light-alpha.png'], options);
          for (const [file, hash] of Object.entries(hashes)) assert.equal(hash, expected.int8[file], file);
          assert.equal(info.worker, options.worker !== false);
          if (options.flavour) assert.equal(info.flavour, options.flavour);
        });
      });
    }

    test(
      'fit: the same head as Node, isolated or not, in a worker or in place; it answers and stops',
      LIMIT,
      async () => {
        for (const [set, options] of [
          [isolated, {}],
          [plain, {}],
          [isolated, { worker: false }],
        ]) {
          await set.open(async (page) => {
            const result = await page.evaluate(async (options) => {
              const { ResNet50 } = await import('/package/dist/index.js');
              const { hashOfHead, outcome } = await import('/tools/tools.mjs');
              const model = await ResNet50.load({ weights: 'pqf', ...options });
              const files = ['clock.jpg', 'golf-ball.jpg'].map((file) => `/pictures/${file}`);
              const hash = await hashOfHead(model, files);
              const labels = (await model.classify(files[0])).map(({ label }) => label).sort();
              const bytes = await model.save();
              await model.reset();
              const stop = new AbortController();
              const examples = files.map((image, i) => ({ image, label: String(i) }));
              const onProgress = () => stop.abort();
              const stopped = await outcome(model.fit(examples, { signal: stop.signal, onProgress }));
              const classes = (await model.logits(files[0])).length;
              await model.dispose();
              const again = await ResNet50.load({ weights: 'pqf', head: new Blob([bytes]), ...options });
              const [best] = await again.classify(files[0]);
              await again.dispose();
              return { hash, labels, stopped: stopped.error.name, classes, best: best.label };
            }, options);
            const labels = ['even', 'odd', 'picture'];
            assert.deepEqual(result, {
              hash: expected.head,
              labels,
              stopped: 'AbortError',
              classes: 1000,
              best: 'picture',
            });
          });
        }
      },
    );

    test('fine-tuning: the same network as Node, on one thread and on two', LIMIT, async () => {
      for (const threads of [2, 1]) {
        await isolated.open(async (page) => {
          const result = await page.evaluate(
            async (options) => {
              const { ResNet50 } = await import('/package/dist/index.js');
              const { finetuned } = await import('/tools/tools.mjs');
              const model = await ResNet50.load({ weights: 'pqf', ...options });
              const { hash, finetuned: report } = await finetuned(model);
              await model.dispose();
              return { hash, threads: report.threads };
            },
            { threads, transforms: SMALL },
          );
          assert.deepEqual(result, { hash: expected.finetuned, threads });
        });
      }
    });

    test('f32: the same bits as Node where the flavour is the same', LIMIT, async () => {
      await isolated.open(async (page) => {
        const { hashes } = await hashesIn(page, ['clock.jpg'], { precision: 'f32', flavour: 'simd-threads' });
        assert.deepEqual(hashes, expected.f32);
      });
    });

    test('a compiled module that is handed in', LIMIT, async () => {
      await isolated.open(async (page) => {
        const { hash, info } = await page.evaluate(async () => {
          const { ResNet50 } = await import('/package/dist/index.js');
          const { hashOf } = await import('/tools/tools.mjs');
          const wasmModule = await WebAssembly.compileStreaming(fetch('/package/dist/wasm/resnet50-simd.wasm'));
          const model = await ResNet50.load({ weights: 'pqf', wasmModule });
          const hash = await hashOf(await model.logits('/pictures/clock.jpg'));
          const info = model.info();
          await model.dispose();
          return { hash, info };
        });
        assert.equal(hash, expected.int8['clock.jpg']);
        assert.equal(info.flavour, 'simd');
      });
    });

    test('files of every kind have the bits of the file', LIMIT, async () => {
      await isolated.open(async (page) => {
        const hashes = await page.evaluate(async () => {
          const { ResNet50 } = await import('/package/dist/index.js');
          const { bytesOf, hashOf, imageElement } = await import('/tools/tools.mjs');
          const model = await ResNet50.load({ weights: 'pqf' });
          const url = '/pictures/clock.jpg';
          const bytes = await bytesOf(url);
          const blob = new Blob([bytes]);
          const base64 = btoa(Array.from(new Uint8Array(bytes), (b) => String.fromCharCode(b)).join(''));
          const inputs = {
            'relative address': url,
            'absolute address': new URL(url, location.href).href,
            URL: new URL(url, location.href),
            'data: address': `data:image/jpeg;base64,${base64}`,
            Blob: blob,
            File: new File([blob], 'clock.jpg'),
            ArrayBuffer: bytes,
            SharedArrayBuffer: Object.assign(new SharedArrayBuffer(bytes.byteLength)),
            Uint8Array: new Uint8Array(bytes),
            DataView: new DataView(bytes),
            Response: await fetch(url),
            ReadableStream: blob.stream(),
            HTMLImageElement: await imageElement(url),
          };
          new Uint8Array(inputs.SharedArrayBuffer).set(new Uint8Array(bytes));
          const hashes = {};
          for (const [kind, input] of Object.entries(inputs)) hashes[kind] = await hashOf(await model.logits(input));
          return hashes;
        });
        for (const [kind, hash] of Object.entries(hashes)) assert.equal(hash, expected.int8['clock.jpg'], kind);
      });
    });

    test('pixels of every kind have the bits of the lossless file', LIMIT, async () => {
      await open.open(async (page) => {
        const hashes = await page.evaluate(async () => {
          const { ResNet50 } = await import('/package/dist/index.js');
          const { bytesOf, draw, hashOf, imageElement } = await import('/tools/tools.mjs');
          const model = await ResNet50.load({ weights: 'pqf' });
          const url = '/pictures/soccer-ball.bmp';
          const image = await imageElement(url);
          const { naturalWidth: width, naturalHeight: height } = image;
          const canvas = draw(document.createElement('canvas'), image, width, height);
          const imageData = canvas.getContext('2d').getImageData(0, 0, width, height);
          const rgb = new Uint8Array(width * height * 3).map((_, i) => imageData.data[Math.floor(i / 3) * 4 + (i % 3)]);
          const revoked = await imageElement(URL.createObjectURL(new Blob([await bytesOf(url)])));
          URL.revokeObjectURL(revoked.src);
          const inputs = {
            ImageData: imageData,
            'raw RGBA': { data: new Uint8Array(imageData.data), width, height },
            'raw RGB': { data: rgb, width, height, channels: 3 },
            HTMLCanvasElement: canvas,
            OffscreenCanvas: draw(new OffscreenCanvas(1, 1), image, width, height),
            ImageBitmap: await createImageBitmap(image),
            VideoFrame: new VideoFrame(canvas, { timestamp: 0 }),
            'HTMLImageElement whose address is gone': revoked,
          };
          const hashes = {};
          for (const [kind, input] of Object.entries(inputs)) hashes[kind] = await hashOf(await model.logits(input));
          // What was given is not taken away.
          hashes['ImageBitmap again'] = await hashOf(await model.logits(inputs.ImageBitmap));
          hashes['ImageData again'] = await hashOf(await model.logits(imageData));
          inputs.VideoFrame.close();
          return hashes;
        });
        for (const [kind, hash] of Object.entries(hashes)) assert.equal(hash, expected.int8['soccer-ball.bmp'], kind);
      });
    });

    test('a video: the frame that it shows', LIMIT, async () => {
      await open.open(async (page) => {
        const { shown, video, label } = await page.evaluate(async () => {
          const { ResNet50 } = await import('/package/dist/index.js');
          const { draw, hashOf, imageElement, videoOf } = await import('/tools/tools.mjs');
          const model = await ResNet50.load({ weights: 'pqf' });
          const video = await videoOf(await imageElement('/pictures/soccer-ball.jpg'), 500, 375);
          const canvas = draw(new OffscreenCanvas(1, 1), video, video.videoWidth, video.videoHeight);
          const [best] = await model.classify(video);
          return {
            shown: await hashOf(await model.logits(canvas)),
            video: await hashOf(await model.logits(video)),
            label: best.label,
          };
        });
        assert.equal(label, 'soccer ball');
        assert.equal(video, shown);
      });
    });

    test("formats of the browser's own have Pillow's pixels, alpha dropped or composed", LIMIT, async (t) => {
      await isolated.open(async (page) => {
        const { rows, exact } = await page.evaluate(async () => {
          const { ResNet50 } = await import('/package/dist/index.js');
          const { hashOf, keepsColors } = await import('/tools/tools.mjs');
          const model = await ResNet50.load({ weights: 'pqf' });
          const logits = async (file, options) => hashOf(await model.logits(`/foreign/${file}`, options));
          const rows = {};
          const orientation = 'none';
          for (const file of [
            'alpha-lossless.webp',
            'alpha-lossy.webp',
            'opaque-lossy.webp',
            'orientation-6.webp',
            'palette.gif',
          ]) {
            const reference = file.replace(/\.\w+$/, '.pillow.png');
            rows[file] = [await logits(file, { orientation }), await logits(reference)];
          }
          const background = [255, 0, 128];
          rows.composed = [
            await logits('alpha-lossless.webp', { background }),
            await logits('alpha.png', { background }),
          ];
          // No browser turns WebP by its EXIF, and what the browser shows is what its formats look like.
          rows['as the browser shows it'] = [await logits('orientation-6.webp'), rows['orientation-6.webp'][1]];
          return { rows, exact: await keepsColors() };
        });
        for (const [file, [got, wanted]] of Object.entries(rows)) {
          const lost = !exact && /alpha|composed/.test(file);
          if (lost) t.diagnostic(`${file}: not compared, as this browser gives no colors under transparent pixels`);
          else assert.equal(got, wanted, file);
        }
      });
    });

    test('several models and many calls at once: results in the order of the calls', LIMIT, async () => {
      await isolated.open(async (page) => {
        const { order, hashes, batch } = await page.evaluate(
          async (files) => {
            const { ResNet50 } = await import('/package/dist/index.js');
            const { hashOf } = await import('/tools/tools.mjs');
            const models = await Promise.all([1, 2].map((threads) => ResNet50.load({ weights: 'pqf', threads })));
            const order = [[], []];
            const hashes = [{}, {}];
            await Promise.all(
              models.flatMap((model, m) =>
                files.map(async (file) => {
                  const logits = await model.logits(`/pictures/${file}`);
                  order[m].push(file);
                  hashes[m][file] = await hashOf(logits);
                }),
              ),
            );
            const batch = await models[0].logits(files.map((file) => `/pictures/${file}`));
            const batchHashes = await Promise.all(batch.map(hashOf));
            await Promise.all(models.map((model) => model.dispose()));
            return { order, hashes, batch: batchHashes };
          },
          files.slice(0, 5),
        );
        for (const list of order) assert.deepEqual(list, files.slice(0, 5));
        const wanted = Object.fromEntries(files.slice(0, 5).map((file) => [file, expected.int8[file]]));
        for (const row of hashes) assert.deepEqual(row, wanted);
        assert.deepEqual(batch, Object.values(wanted));
      });
    });

    test('without SIMD: a clear error', LIMIT, async () => {
      await isolated.open(async (page) => {
        const { error } = await page.evaluate(async () => {
          WebAssembly.validate = () => false; // what an engine without SIMD says of the probe
          const { ResNet50 } = await import('/package/dist/index.js');
          const { outcome } = await import('/tools/tools.mjs');
          return outcome(ResNet50.load({ weights: 'pqf' }));
        });
        assert.equal(error.code, 'SIMD_MISSING');
        assert.match(error.message, /no WebAssembly SIMD/);
      });
    });
  });
}
