// Weights over HTTP into a page, in real browsers: progress, faults of servers, the cache, offline, abort, and every
// error that a user can meet on the way.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BROWSERS, browserMissing, insecureHost } from '../support/browsers.mjs';
import { prepared } from '../support/prepared.mjs';
import { sendAndDrop, startServer } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const { noWeights, weightsFolder } = prepared;
const manifest = noWeights ? {} : JSON.parse(readFileSync(join(weightsFolder, 'pqf', 'manifest.json'), 'utf8'));
const shards = manifest.precisions?.int8.shards ?? [];
const total = shards.reduce((sum, shard) => sum + shard.bytes, 0);
const shardPath = (i) => `/weights/pqf/${shards[i].file}`;
const shardBytes = (i) => readFileSync(join(weightsFolder, 'pqf', shards[i].file));
const HTML = '<!doctype html><title>home</title>';

/** Loads in a page; gives progress, the outcome's error, the best label, and what is in the cache afterwards. */
const loadIn = (page, options = {}) =>
  page.evaluate(async (options) => {
    const { ResNet50, weightsCache } = await import('/package/dist/index.js');
    const { outcome } = await import('/tools/tools.mjs');
    const progress = [];
    globalThis.progress = progress; // for those who look while it loads
    const { value: model, error } = await outcome(
      ResNet50.load({ weights: 'pqf', threads: 1, onProgress: (event) => progress.push(event), ...options }),
    );
    const best = await model?.classify('/pictures/clock.jpg', { topK: 1 });
    await model?.dispose();
    return { progress, error, label: best?.[0].label, cached: await weightsCache.list() };
  }, options);

for (const name of BROWSERS) {
  describe(`${name}: weights`, { skip: browserMissing(name) || noWeights }, () => {
    const set = stage(name);
    const withFault = async (fault, use) => {
      set.server.options.fault = fault;
      try {
        return await use();
      } finally {
        set.server.options.fault = undefined;
      }
    };
    const asked = (path) => set.server.requests.filter((request) => request.path === path);

    test('progress: phases in order, exact totals, never backwards', LIMIT, async () => {
      const { progress, label, cached } = await set.fresh((page) => loadIn(page));
      assert.equal(label, 'wall clock');
      const order = ['core', 'manifest', 'weights', 'ready'];
      const phases = progress.map(({ phase }) => order.indexOf(phase));
      assert.deepEqual(phases, [...phases].sort());
      assert.deepEqual([...new Set(phases)], [0, 1, 2, 3]);
      let loaded = 0;
      for (const event of progress) {
        assert.ok(event.loaded >= loaded && event.loaded <= total, JSON.stringify(event));
        loaded = event.loaded;
        assert.equal(event.total, event.phase === 'core' ? 0 : total);
        assert.equal(
          shards.some(({ file }) => file === event.shard),
          event.phase === 'weights',
        );
      }
      assert.equal(loaded, total);
      const kept = cached.map(({ sha256, bytes, file }) => ({ file, bytes, sha256 }));
      const byFile = (a, b) => a.file.localeCompare(b.file);
      // Kept decoded, so that the next load has nothing to inflate.
      const promised = shards.map((shard) => ({
        file: shard.file,
        bytes: shard.decodedBytes ?? shard.bytes,
        sha256: shard.sha256,
      }));
      assert.deepEqual(kept.sort(byFile), promised.sort(byFile));
    });

    test('cached: no shard is asked for again; offline works; delete() deletes', LIMIT, async () => {
      await set.fresh(async (page) => {
        await loadIn(page);
        set.server.requests.length = 0;
        assert.equal((await loadIn(page)).label, 'wall clock');
        assert.deepEqual(
          set.server.requests.filter(({ path }) => path.endsWith('.safetensors')),
          [],
        );
        const down = (request, _response, path) => {
          if (!path.startsWith('/weights/')) return false;
          request.socket.destroy();
          return true;
        };
        const offline = await withFault(down, () => loadIn(page));
        assert.deepEqual([offline.label, offline.error], ['wall clock', undefined]);
        const deleted = await page.evaluate(async () => {
          const { weightsCache } = await import('/package/dist/index.js');
          return [await weightsCache.delete(), await weightsCache.list(), await weightsCache.delete()];
        });
        assert.deepEqual(deleted, [true, [], false]);
      });
    });

    test('a damaged entry of the cache is fetched again', LIMIT, async () => {
      await set.fresh(async (page) => {
        await loadIn(page);
        await page.evaluate(async (hash) => {
          const cache = await caches.open((await caches.keys())[0]);
          const key = (await cache.keys()).find(({ url }) => url.endsWith(hash));
          const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
          bytes[1000] ^= 1;
          await cache.put(key, new Response(bytes));
        }, shards[1].sha256);
        set.server.requests.length = 0;
        assert.equal((await loadIn(page)).label, 'wall clock');
        assert.deepEqual(
          set.server.requests.filter(({ path }) => path.endsWith('.safetensors')).map(({ path }) => path),
          [shardPath(1)],
        );
      });
    });

    test('a dropped connection is resumed with Range, a busy server is asked again', LIMIT, async () => {
      let [drops, refusals] = [0, 0];
      const { label } = await set.fresh((page) => {
        const arrived = () =>
          page.evaluate((file) => globalThis.progress.some(({ shard }) => shard === file), shards[0].file);
        const fault = (request, response, path) => {
          const drop = path === shardPath(0) && drops++ === 0;
          const refuse = path === shardPath(2) && refusals++ === 0;
          if (drop) sendAndDrop(request, response, shardBytes(0), 1_000_000, arrived);
          if (refuse) response.writeHead(503).end('busy');
          return drop || refuse;
        };
        return withFault(fault, () => loadIn(page));
      });
      assert.equal(label, 'wall clock');
      const ranges = asked(shardPath(0)).map(({ range }) => range);
      assert.equal(ranges.length, 2);
      assert.match(ranges[1], /^bytes=[1-9]\d*-$/);
      assert.equal(asked(shardPath(2)).length, 2);
    });

    const broken = [
      {
        what: 'an HTML page in place of a shard',
        fault: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(HTML),
        code: 'FETCH_FAILED',
        message: /HTML page in its place/,
      },
      {
        what: 'an HTML page that calls itself binary',
        fault: (response) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(HTML),
        code: 'FETCH_FAILED',
        message: /HTML page in its place/,
      },
      {
        what: 'a shard that is not there',
        fault: (response) => response.writeHead(404).end(),
        code: 'FETCH_FAILED',
        message: /answered 404/,
      },
      {
        what: 'a shard with one wrong bit',
        fault: (response) => {
          const bytes = Buffer.from(shardBytes(3));
          bytes[5000] ^= 4;
          return response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
        },
        code: 'WEIGHTS_HASH_MISMATCH',
        message: /not the file that the manifest describes/,
      },
    ];
    for (const { what, fault, code, message } of broken) {
      test(`${what}: named, never cached, and the next load works`, LIMIT, async () => {
        await set.fresh(async (page) => {
          const answer = (_request, response, path) => path === shardPath(3) && Boolean(fault(response));
          const { error, cached } = await withFault(answer, () => loadIn(page));
          assert.equal(error?.name, 'ResNet50Error');
          assert.equal(error.code, code, error.message);
          assert.match(error.message, message);
          assert.match(error.message, new RegExp(shards[3].file.replaceAll('.', '\\.')));
          assert.ok(!cached.some(({ sha256 }) => sha256 === shards[3].sha256));
          assert.equal((await loadIn(page)).label, 'wall clock');
        });
      });
    }

    test('weights that are not there: what was sought, where, and what to do', LIMIT, async () => {
      await set.open(async (page) => {
        const missing = (await loadIn(page, { weights: 'IMAGENET1K_V2' })).error;
        assert.equal(missing.code, 'WEIGHTS_NOT_FOUND');
        assert.match(missing.message, /npx resnet50-wasm weights IMAGENET1K_V2.*weightsUrl/);
        assert.equal((await loadIn(page, { weights: 'nonsense' })).error.code, 'UNKNOWN_WEIGHTS');
        set.server.options.fallback = HTML;
        const single = (await loadIn(page, { weights: 'IMAGENET1K_V1' })).error;
        set.server.options.fallback = undefined;
        assert.equal(single.code, 'WEIGHTS_NOT_FOUND');
      });
    });

    test('a wasm file that is not there: named, with the remedy', LIMIT, async () => {
      await set.open(async (page) => {
        const { error } = await loadIn(page, { wasmUrl: '/nowhere/' });
        assert.equal(error.code, 'CORE_LOAD_FAILED');
        assert.match(error.message, /\/nowhere\/resnet50-.*\.wasm.*wasmUrl/);
        assert.equal(
          (await loadIn(page, { wasmUrl: '/package/dist/wasm', workerUrl: '/package/dist' })).label,
          'wall clock',
        );
      });
    });

    test('abort: at once, no request goes on, nothing half-written, the next load works', LIMIT, async () => {
      await set.fresh(async (page) => {
        let open = 0;
        const slow = (_request, response, path) => {
          if (!path.endsWith('.safetensors')) return false;
          open++;
          response.on('close', () => open--);
          response.writeHead(200, { 'content-length': 4_000_000 });
          response.write(Buffer.alloc(100_000, 1));
          return true;
        };
        const { ms, reason, cached } = await withFault(slow, async () => {
          await page.evaluate(async () => {
            const { ResNet50 } = await import('/package/dist/index.js');
            const controller = new AbortController();
            const onProgress = ({ loaded }) => {
              globalThis.loaded = loaded;
            };
            const loading = ResNet50.load({ weights: 'pqf', signal: controller.signal, onProgress });
            const reason = loading.catch((e) => e.message);
            globalThis.stopLoading = async () => {
              const begun = performance.now();
              controller.abort(new Error('enough'));
              return { reason: await reason, ms: performance.now() - begun };
            };
          });
          await until(async () => open > 1 && (await page.evaluate(() => globalThis.loaded > 0)), {
            what: 'several shards on their way',
          });
          const stopped = await page.evaluate(() => globalThis.stopLoading());
          await until(() => open === 0, { what: 'no request goes on', timeout: 2000 });
          const cached = await page.evaluate(async () => (await import('/package/dist/index.js')).weightsCache.list());
          return { ...stopped, cached };
        });
        assert.equal(reason, 'enough');
        assert.ok(ms < 500, `${ms} ms`);
        assert.deepEqual(cached, []);
        assert.equal((await loadIn(page)).label, 'wall clock');
        const already = await page.evaluate(async () => {
          const { ResNet50 } = await import('/package/dist/index.js');
          return ResNet50.load({ weights: 'pqf', signal: AbortSignal.abort('before') }).catch(String);
        });
        assert.equal(already, 'before');
      });
    });

    test(
      'every kind of bad input: a typed error that names it, and the next call has the same result',
      LIMIT,
      async () => {
        await set.open(async (page) => {
          const { errors, stays, disposed, using } = await page.evaluate(async (cross) => {
            const { ResNet50 } = await import('/package/dist/index.js');
            const { bytesOf, hashOf, outcome } = await import('/tools/tools.mjs');
            const model = await ResNet50.load({ weights: 'pqf', maxPixels: 1_000_000, maxBytes: 500_000 });
            const good = async () => hashOf(await model.logits('/pictures/clock.jpg'));
            const first = await good();
            const whole = new Uint8Array(await bytesOf('/pictures/clock.jpg'));
            const bad = {
              text: new TextEncoder().encode('no picture'),
              empty: new Uint8Array(),
              truncated: whole.slice(0, 3000),
              'broken WebP': new TextEncoder().encode('RIFF\x20\0\0\0WEBPVP8 nonsense nonsense'),
              number: 7,
              null: null,
              object: {},
              'missing picture': '/pictures/none.jpg',
              'HTML page': '/',
              'unloaded image': new Image(),
              'empty video': document.createElement('video'),
              'too many pixels': new ImageData(1001, 1000),
              'too many bytes': new Uint8Array(500_001),
              'wrong length': { data: new Uint8Array(10), width: 2, height: 2 },
              'other origin': Object.assign(new Image(), { src: cross }),
            };
            const errors = {};
            let stays = true;
            for (const [kind, input] of Object.entries(bad)) {
              const { error } = await outcome(model.classify(input));
              errors[kind] = error && `${error.name} ${error.code}`;
              stays &&= (await good()) === first;
            }
            errors.topK = (await outcome(model.classify('/pictures/clock.jpg', { topK: 0 }))).error?.code;
            const pending = outcome(model.classify('/pictures/clock.jpg'));
            await model.dispose();
            await model.dispose();
            const disposed = [
              (await pending).error?.code,
              (await outcome(model.classify('/pictures/clock.jpg'))).error?.code,
            ];
            const AsyncFunction = (async () => {}).constructor;
            let using = 'not run';
            try {
              // A CSP without unsafe-eval forbids this; then the syntax is tested elsewhere.
              using = await new AsyncFunction(
                'ResNet50',
                "let m; { await using model = await ResNet50.load({ weights: 'pqf' }); m = model; } return m.classify(new ImageData(9, 9)).catch((e) => e.code);",
              )(ResNet50);
            } catch (error) {
              using = error.name;
            }
            return { errors, stays, disposed, using };
          }, `http://localhost:${set.server.port}/pictures/clock.jpg`);
          const typed = (code) => `ResNet50Error ${code}`;
          assert.deepEqual(errors, {
            text: typed('NOT_AN_IMAGE'),
            empty: errors.empty,
            truncated: errors.truncated,
            'broken WebP': typed('UNSUPPORTED_FORMAT'),
            number: typed('UNSUPPORTED_INPUT'),
            null: typed('UNSUPPORTED_INPUT'),
            object: typed('UNSUPPORTED_INPUT'),
            'missing picture': typed('FETCH_FAILED'),
            'HTML page': typed('NOT_AN_IMAGE'),
            'unloaded image': errors['unloaded image'],
            'empty video': typed('UNSUPPORTED_INPUT'),
            'too many pixels': typed('IMAGE_TOO_LARGE'),
            'too many bytes': typed('IMAGE_TOO_LARGE'),
            'wrong length': typed('INVALID_ARGUMENT'),
            'other origin': typed('UNSUPPORTED_INPUT'),
            topK: 'INVALID_ARGUMENT',
          });
          for (const kind of ['empty', 'truncated', 'unloaded image'])
            assert.match(
              errors[kind],
              /^ResNet50Error (NOT_AN_IMAGE|TRUNCATED_IMAGE|UNSUPPORTED_INPUT|CORRUPT_IMAGE)$/,
              kind,
            );
          assert.ok(stays);
          assert.deepEqual(disposed, ['DISPOSED', 'DISPOSED']);
          assert.ok(['DISPOSED', 'EvalError'].includes(using), using);
        });
      },
    );
  });

  describe(`${name}: weights of another origin`, { skip: browserMissing(name) || noWeights }, () => {
    const set = stage(name, { csp: undefined }); // what a policy forbids looks the same

    test('if it does not allow that, the header is named, but not if the server answers', LIMIT, async () => {
      const other = await startServer({ ...set.server.options });
      const load = () => set.fresh((page) => loadIn(page, { weightsUrl: `${other.origin}/weights/` }));
      try {
        const { error } = await load();
        assert.equal(error.code, 'FETCH_FAILED');
        assert.match(error.message, /most likely its server does not send Access-Control-Allow-Origin/);
        other.options.cors = true;
        const allowed = await load();
        assert.deepEqual([allowed.label, allowed.error], ['wall clock', undefined]);
        other.options.fault = (_, response) => {
          response.writeHead(503).end();
          return true;
        };
        assert.match((await load()).error.message, /the server answered 503: check the address/);
      } finally {
        other.close();
      }
    });
  });

  describe(`${name}: without a cache`, { skip: browserMissing(name) || noWeights }, () => {
    const set = stage(name, { isolated: false, csp: undefined });

    test('plain http: no WebCrypto, no Cache Storage, shards verified all the same', LIMIT, async () => {
      await set.open(async (page) => {
        await page.goto(`http://${insecureHost(name)}:${set.server.port}/`);
        assert.deepEqual(await page.evaluate(() => [isSecureContext, typeof caches, typeof crypto.subtle]), [
          false,
          'undefined',
          'undefined',
        ]);
        assert.equal((await loadIn(page)).label, 'wall clock');
        set.server.options.fault = (_request, response, path) => {
          if (path !== shardPath(3)) return false;
          const bytes = Buffer.from(shardBytes(3));
          bytes[5000] ^= 4;
          response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
          return true;
        };
        const { error, cached } = await loadIn(page);
        set.server.options.fault = undefined;
        assert.equal(error.code, 'WEIGHTS_HASH_MISMATCH');
        assert.deepEqual(cached, []);
      });
    });

    test('a cache that throws on every touch fails no load', LIMIT, async () => {
      await set.open(async (page) => {
        const { label, hosts } = await page.evaluate(async () => {
          // In place, so that the broken cache is the one that the host sees.
          const broken = () => {
            throw new DOMException('storage is blocked', 'SecurityError');
          };
          Object.defineProperty(globalThis, 'caches', {
            value: { open: broken, has: broken, delete: broken, keys: broken },
          });
          const { ResNet50 } = await import('/package/dist/index.js');
          const model = await ResNet50.load({ weights: 'pqf', worker: false });
          const [best] = await model.classify('/pictures/clock.jpg');
          await model.dispose();
          return { label: best.label, hosts: location.host };
        });
        assert.equal(label, 'wall clock', hosts);
      });
    });
  });
}
