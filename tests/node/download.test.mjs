// Shards over a network that fails in every usual way: what arrives is right or is refused by name.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { importSource, sendAndDrop, sendRange, serve, sha256 } from './helpers.mjs';

const { download } = await importSource('weights/download.ts');
const content = randomBytes(300_000);
const file = (url) => ({ url: `${url}/s`, bytes: content.length, sha256: sha256(content) });
const fast = { pause: 1 };
const ranges = (requests) => requests.map((r) => r.range);

test('a good file, with progress that ends at its length', async (t) => {
  const { url } = await serve(t, { '/s': content });
  const seen = [];
  const bytes = await download(file(url), { onBytes: (n) => seen.push(n) });
  assert.ok(content.equals(bytes));
  assert.equal(seen.at(-1), content.length);
});

test('a dropped connection is resumed where it stopped; progress never goes back', async (t) => {
  const seen = [];
  const { url, requests } = await serve(t, {
    '/s': (req, res, count) =>
      count < 3
        ? sendAndDrop(req, res, content, 100_000, () => seen.at(-1) === count * 100_000)
        : sendRange(req, res, content),
  });
  const bytes = await download(file(url), { ...fast, onBytes: (n) => seen.push(n) });
  assert.ok(content.equals(bytes));
  assert.deepEqual(ranges(requests), [undefined, 'bytes=100000-', 'bytes=200000-']);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
});

test('a server without ranges begins anew', async (t) => {
  const { url } = await serve(t, {
    '/s': (req, res, count) => {
      if (count === 1) return sendAndDrop(req, res, content, 1000);
      res.writeHead(200).end(content);
    },
  });
  assert.ok(content.equals(await download(file(url), fast)));
});

test('a file that changed in between is fetched whole', async (t) => {
  let received = 0;
  const onBytes = (n) => {
    received = n;
  };
  const { url, requests } = await serve(t, {
    '/s': (req, res, count) => {
      if (count === 1) return sendAndDrop(req, res, randomBytes(content.length), 1000, () => received === 1000);
      // No If-Range here: the rest of the new file follows the start of the old one, as careless servers do.
      sendRange(req, res, content);
    },
  });
  assert.ok(content.equals(await download(file(url), { ...fast, onBytes })));
  assert.deepEqual(ranges(requests), [undefined, 'bytes=1000-', undefined]);
});

test('500, 503 and 429 are tried again, 404 and 403 are not', async (t) => {
  const { url } = await serve(t, {
    '/s': (req, res, count) =>
      count < 4 ? res.writeHead([500, 503, 429][count - 1]).end() : sendRange(req, res, content),
  });
  assert.ok(content.equals(await download(file(url), fast)));
  for (const status of [404, 403]) {
    const { url: other, requests } = await serve(t, { '/s': (_, res) => res.writeHead(status).end() });
    await assert.rejects(download(file(other), fast), {
      code: 'FETCH_FAILED',
      message: new RegExp(`answered ${status}`),
    });
    assert.equal(requests.length, 1);
  }
});

test('a server that is down is given up after a few attempts', async () => {
  await assert.rejects(download(file('http://127.0.0.1:9'), { ...fast, attempts: 3 }), { code: 'FETCH_FAILED' });
});

test('a web page in place of a shard is named as such, whatever its type says', async (t) => {
  for (const type of ['text/html; charset=utf-8', 'application/octet-stream']) {
    const page = (_, res) => res.writeHead(200, { 'content-type': type }).end('\n<!DOCTYPE html><title>App</title>');
    const { url, requests } = await serve(t, { '/s': page });
    await assert.rejects(download(file(url), fast), { code: 'FETCH_FAILED', message: /HTML page/ });
    assert.equal(requests.length, 1);
  }
});

test('wrong bytes are tried once more past all caches, then refused', async (t) => {
  const wrong = Buffer.from(content);
  wrong[5] ^= 1;
  const { url, requests } = await serve(t, { '/s': wrong });
  await assert.rejects(download(file(url), fast), { code: 'WEIGHTS_HASH_MISMATCH', subject: `${url}/s` });
  assert.equal(requests.length, 2);
  const { url: longer } = await serve(t, { '/s': Buffer.concat([content, content]) });
  await assert.rejects(download(file(longer), fast), { code: 'WEIGHTS_HASH_MISMATCH' });
  const { url: healed } = await serve(t, {
    '/s': (req, res, count) => sendRange(req, res, count === 1 ? wrong : content),
  });
  assert.ok(content.equals(await download(file(healed), fast)));
});

test('a silent connection is given up and tried again', async (t) => {
  const { url } = await serve(t, {
    '/s': (req, res, count) => {
      if (count > 1) return sendRange(req, res, content);
      res.writeHead(200);
      res.write(content.subarray(0, 10));
    },
  });
  assert.ok(content.equals(await download(file(url), { ...fast, stall: 100 })));
});

test('an abort stops at once with its own reason', async (t) => {
  const { url } = await serve(t, { '/s': (_, res) => void res.writeHead(200).write(content.subarray(0, 10)) });
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await assert.rejects(download(file(url), { ...fast, signal: stop.signal }), /enough/);
  await assert.rejects(download(file(url), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

const { streamShards } = await importSource('weights/stream.ts');

test('shards arrive in network order however slow the first ones are, four at a time', async () => {
  let active = 0;
  let most = 0;
  const shards = Array.from({ length: 12 }, (_, i) => ({ file: `s${i}`, bytes: 100 }));
  const place = {
    async shard(shard, _signal, onBytes) {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setTimeout(resolve, 5 + 7 * ((12 - Number(shard.file.slice(1))) % 4)));
      active--;
      onBytes(100);
      return new Uint8Array(100);
    },
  };
  const [taken, loaded] = [[], []];
  await streamShards(place, shards, { take: (shard) => void taken.push(shard.file), onBytes: (n) => loaded.push(n) });
  assert.deepEqual(
    taken,
    shards.map((s) => s.file),
  );
  assert.equal(most, 4);
  assert.deepEqual(
    loaded,
    shards.map((_, i) => 100 * (i + 1)),
  );
});

test('the first failure stops the others', async () => {
  const shards = Array.from({ length: 8 }, (_, i) => ({ file: `s${i}`, bytes: 1 }));
  const stopped = [];
  const place = {
    shard: (shard, signal) =>
      shard.file === 's0'
        ? Promise.reject(new Error('gone'))
        : new Promise((_, reject) =>
            signal.addEventListener('abort', () => {
              stopped.push(shard.file);
              reject(signal.reason);
            }),
          ),
  };
  await assert.rejects(streamShards(place, shards, { take: () => undefined }), /gone/);
  assert.deepEqual(stopped.slice(0, 3), ['s1', 's2', 's3']);
});

test('sha256 is the same with WebCrypto and without (plain http)', async () => {
  const { sha256: ours } = await importSource('base/sha256.ts');
  const { crypto } = globalThis;
  try {
    for (const withWebCrypto of [true, false]) {
      if (!withWebCrypto) Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
      for (const length of [0, 1, 55, 56, 64, 1000]) {
        const bytes = new Uint8Array(content.subarray(0, length));
        assert.equal(await ours(bytes), sha256(bytes), `${length} bytes, WebCrypto ${withWebCrypto}`);
      }
    }
  } finally {
    Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
  }
});
