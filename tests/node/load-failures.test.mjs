// Weights from servers, caches and disks that lie, stall, forget and fail: a load ends with the right weights or with
// the right typed error, and leaves nothing behind that a later load would trip over.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  fakeImage,
  fakePackage,
  importPackage,
  importSource,
  makeVariant,
  scratch,
  sendRange,
  serve,
  withDisk,
} from './helpers.mjs';

const json = (value) => Buffer.from(JSON.stringify(value));

/** A package, an empty cache and a server with one variant; `routes` may be changed while it runs. */
async function setUp(t, options = { shards: 4, bytes: 40_000 }) {
  const [folder, cache] = [await fakePackage(t), await scratch(t)];
  process.env.XDG_CACHE_HOME = cache;
  t.after(() => delete process.env.XDG_CACHE_HOME);
  const { manifest, files } = makeVariant('web', options);
  const routes = { '/web/manifest.json': json(manifest) };
  for (const [name, bytes] of files) routes[`/web/${name}`] = bytes;
  const { url, requests } = await serve(t, routes);
  const { ResNet50 } = await importPackage(folder);
  const load = async (more) => {
    const model = await ResNet50.load({ weights: 'web', weightsUrl: url, ...more });
    t.after(() => model.dispose());
    const [best] = await model.classify(fakeImage(2), { topK: 1 });
    assert.equal(best.index, 2);
    return model;
  };
  const shards = [...files.keys()].map((name) => `/web/${name}`);
  const asked = () => requests.filter(({ path }) => path.endsWith('.safetensors')).map(({ path }) => path);
  return { manifest, files, routes, url, requests, load, shards, asked, cache: join(cache, 'resnet50-wasm') };
}

/** What a server makes of a shard; all of it must be refused by the shard's hash. */
const WRONG = {
  'a bit is flipped': (bytes) => Buffer.from(bytes).fill(bytes[777] ^ 4, 777, 778),
  'another shard in its place': (_, other) => other,
  'halves in the wrong order': (bytes) => Buffer.concat([bytes.subarray(20_000), bytes.subarray(0, 20_000)]),
  'too long': (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
  'twice its length': (bytes) => Buffer.concat([bytes, bytes]),
};
for (const [what, spoil] of Object.entries(WRONG)) {
  test(`a shard is wrong (${what}): refused by name, nothing of it cached, mended by a good server`, async (t) => {
    const { routes, shards, load, cache } = await setUp(t);
    const good = routes[shards[1]];
    routes[shards[1]] = spoil(good, routes[shards[2]]);
    await assert.rejects(load(), { name: 'ResNet50Error', code: 'WEIGHTS_HASH_MISMATCH', message: /int8-01/ });
    routes[shards[1]] = good;
    await load();
    const { sha256 } = await importSource('base/sha256.ts');
    for (const file of (await readdir(join(cache, 'shards'))).filter((name) => !name.endsWith('.tmp'))) {
      assert.equal(await sha256(new Uint8Array(await readFile(join(cache, 'shards', file)))), file.slice(0, 64));
    }
  });
}

test('a shard that is too short counts as a broken connection and is given up in the end', async (t) => {
  const { download } = await importSource('weights/download.ts');
  const { files, url, routes, shards, manifest } = await setUp(t);
  const [, shard] = manifest.precisions.int8.shards;
  routes[shards[1]] = files.get(shard.file).subarray(0, 30_000);
  const attempt = download({ ...shard, url: url + shards[1] }, { pause: 1, attempts: 3 });
  await assert.rejects(attempt, { code: 'FETCH_FAILED', message: /after 30000 of 40001 bytes/ });
});

test('a manifest that lies about lengths or hashes, or points outside, is refused', async (t) => {
  const { manifest, routes, load, requests } = await setUp(t);
  const lie = (change) => {
    const lying = structuredClone(manifest);
    Object.assign(lying.precisions.int8.shards[0], change);
    routes['/web/manifest.json'] = json(lying);
  };
  for (const bytes of [manifest.precisions.int8.shards[0].bytes - 1, 8]) {
    lie({ bytes });
    await assert.rejects(load(), { code: 'WEIGHTS_HASH_MISMATCH' });
  }
  lie({ sha256: 'a'.repeat(64) });
  await assert.rejects(load(), { code: 'WEIGHTS_HASH_MISMATCH' });
  requests.length = 0;
  for (const file of ['../secret', '/etc/passwd', 'http://127.0.0.1:1/x', '..%2fsecret', 'C:x']) {
    lie({ file });
    await assert.rejects(load(), { code: 'MANIFEST_FORMAT', message: /plain file name/ });
  }
  assert.ok(requests.every(({ path }) => path === '/web/manifest.json'));
});

test('redirects to another origin: what is behind them is judged by its hash', async (t) => {
  const { routes, shards, load, files } = await setUp(t);
  const good = routes[shards[0]];
  const { url: elsewhere } = await serve(t, { '/good': good, '/bad': Buffer.alloc(good.length) });
  const to = (path) => (_, response) => response.writeHead(302, { location: elsewhere + path }).end();
  routes[shards[0]] = to('/bad');
  await assert.rejects(load(), { code: 'WEIGHTS_HASH_MISMATCH' });
  routes[shards[0]] = to('/good');
  await load();
  assert.equal(files.size, 4);
  routes['/web/manifest.json'] = (_, response) => response.writeHead(302, { location: '/web/manifest.json' }).end();
  await load(); // a circle of redirects: the manifest of the cache serves
});

test('statuses: 404 is final, 5xx passes', async (t) => {
  const { routes, shards, load } = await setUp(t);
  const good = routes[shards[3]];
  delete routes[shards[3]];
  await assert.rejects(load(), { code: 'FETCH_FAILED', message: /int8-03.*answered 404/ });
  routes[shards[3]] = (request, response, count) =>
    count < 3 ? response.writeHead(503).end() : sendRange(request, response, good);
  await load();
  const manifest = routes['/web/manifest.json'];
  routes['/web/manifest.json'] = (_, response) => response.writeHead(404).end();
  await assert.rejects(load(), { code: 'UNKNOWN_WEIGHTS' });
  routes['/web/manifest.json'] = (request, response, count) =>
    count % 2 === 0 ? response.writeHead(500).end() : sendRange(request, response, manifest);
  await load();
});

test('a slow server is waited for; a silent one is not', async (t) => {
  const { routes, load, url, manifest } = await setUp(t);
  const text = json(manifest);
  routes['/web/manifest.json'] = async (_, response) => {
    response.writeHead(200);
    for (let at = 0; at < text.length; at += 200) {
      response.write(text.subarray(at, at + 200));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    response.end();
  };
  await load();
  const { HttpFolder } = await importSource('weights/folder-http.ts');
  const silent = (_, response) => void response.writeHead(200).write(text.subarray(0, 10));
  for (const route of [silent, () => undefined]) {
    routes['/web/manifest.json'] = route;
    await assert.rejects(new HttpFolder(`${url}/web`, undefined, 100).manifest(), {
      code: 'FETCH_FAILED',
      message: /went silent/,
    });
  }
});

test('a manifest without an end is cut off', async (t) => {
  const { routes, url } = await setUp(t);
  const { HttpFolder } = await importSource('weights/folder-http.ts');
  routes['/web/manifest.json'] = (_, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20, ' ')));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  await assert.rejects(new HttpFolder(`${url}/web`, undefined).manifest(), {
    code: 'MANIFEST_FORMAT',
    message: /longer/,
  });
});

test('loads of one variant at a time download it once; a failed one does not fail those behind it', async (t) => {
  const { load, asked, routes, shards } = await setUp(t);
  await Promise.all([load(), load(), load()]);
  assert.deepEqual(asked().sort(), shards);
  const { load: other, routes: theirs, shards: paths } = await setUp(t, { shards: 2, bytes: 9000 });
  const good = theirs[paths[0]];
  theirs[paths[0]] = (request, response, count) =>
    count === 1 ? response.writeHead(404).end() : sendRange(request, response, good);
  const [first, second, third] = await Promise.allSettled([
    other(),
    other(),
    other({ signal: AbortSignal.timeout(1) }),
  ]);
  assert.equal(first.reason.code, 'FETCH_FAILED');
  assert.equal(second.status, 'fulfilled');
  assert.equal(third.reason.name, 'TimeoutError');
  assert.ok(routes !== theirs);
});

test('a damaged cache is mended by downloading anew', async (t) => {
  const { load, asked, requests, cache } = await setUp(t);
  await load();
  const stored = join(cache, 'shards');
  const [first, second, third] = (await readdir(stored)).sort();
  const bytes = await readFile(join(stored, first));
  await writeFile(join(stored, first), Buffer.from(bytes).fill(bytes[9] ^ 1, 9, 10));
  await writeFile(join(stored, second), '');
  await writeFile(join(stored, third), (await readFile(join(stored, third))).subarray(0, 1000));
  for (const file of await readdir(join(cache, 'manifests'))) await writeFile(join(cache, 'manifests', file), '{');
  requests.length = 0;
  await load();
  assert.equal(asked().length, 3);
  requests.length = 0;
  await load();
  assert.equal(asked().length, 0);
});

test('half-written files of processes that were killed do not pile up', async (t) => {
  const { load, cache } = await setUp(t);
  const [old, fresh] = ['old', 'fresh'].map((name) => join(cache, 'shards', `${name}.safetensors.1.tmp`));
  await mkdir(join(cache, 'shards'), { recursive: true });
  for (const path of [old, fresh]) await writeFile(path, 'half');
  await utimes(old, new Date(0), new Date(0));
  await load();
  const left = (await readdir(join(cache, 'shards'))).filter((name) => name.endsWith('.tmp'));
  assert.deepEqual(left, ['fresh.safetensors.1.tmp'], 'another process may still be writing it');
});

test('a cache that cannot be written (no disk at all, a file in its place, no permission): the load works without', async (t) => {
  const { load, cache } = await setUp(t);
  await writeFile(cache, 'a file where the folder should be'); // as /dev/full, every write below it fails
  await load();
  process.env.XDG_CACHE_HOME = '/dev/full';
  await load();
  const closed = await scratch(t);
  await mkdir(join(closed, 'resnet50-wasm'));
  await chmod(join(closed, 'resnet50-wasm'), 0o500); // without effect for root
  process.env.XDG_CACHE_HOME = closed;
  await load();
});

test('a disk that is full: what fits is cached whole, the load works, and there is more to cache when there is room', async (t) => {
  const { load, cache, manifest, asked, requests } = await setUp(t);
  const cached = () => readdir(join(cache, 'shards')); // and so none that is half written
  const whole = manifest.precisions.int8.shards.map((shard) => `${shard.sha256}.safetensors`);
  const mounted = await withDisk(cache, '120k', async (disk) => {
    await load();
    const kept = await cached();
    assert.ok(kept.length >= 1 && kept.length < whole.length, `${kept.length} shards of 40 KB on a disk of 120 KB`);
    assert.ok(kept.every((name) => whole.includes(name)));

    requests.length = 0;
    assert.ok(disk.resize('1m'));
    await load();
    assert.equal(asked().length, whole.length - kept.length, 'what was cached is not asked for again');
    assert.deepEqual((await cached()).sort(), whole.sort());
  });
  if (!mounted) t.skip('only root may mount a small disk');
});

test('a worker that is killed from outside: that call fails by type, the next one loads from the cache', async (t) => {
  const workers = new Set();
  const { postMessage } = Worker.prototype;
  t.mock.method(Worker.prototype, 'postMessage', function (...args) {
    workers.add(this);
    return postMessage.apply(this, args);
  });
  const { load, asked, requests } = await setUp(t);
  const model = await load();
  requests.length = 0;
  for (let round = 0; round < 5; round++) {
    const calls = [1, 2, 3].map((pixel) => model.classify(fakeImage(pixel), { topK: 1 }));
    const ends = Promise.allSettled(calls);
    for (const worker of workers) await worker.terminate();
    workers.clear();
    for (const [i, { status, value, reason }] of (await ends).entries()) {
      if (status === 'fulfilled') assert.equal(value[0].index, i + 1);
      else assert.equal(reason.code, 'CORE_CRASHED');
    }
    assert.equal((await model.classify(fakeImage(3), { topK: 1 }))[0].index, 3);
  }
  assert.equal(asked().length, 0);
});
