// The one HTTP client against servers that fail in every way that manifests, shards, checkpoints and pictures may meet.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { importSource, makeVariant, scratch, sendAndDrop, sendRange, serve, sha256, withDisk } from './helpers.mjs';

const { fetchFile, fetchInput } = await importSource('weights/http.ts');
const { downloadCheckpoint } = await importSource('convert/checkpoints.ts');
const content = randomBytes(100_000);
const fast = { pause: 1 };
const ranges = (requests) => requests.map((r) => r.range);

/** Collects what is taken, as every user of the client does. */
function sink() {
  let bytes = Buffer.alloc(0);
  const take = (chunk, at) => {
    bytes = Buffer.concat([bytes.subarray(0, at), chunk]);
  };
  return { take, bytes: () => bytes, arrived: (count) => () => bytes.length >= count };
}

test('statuses: 408, 425, 429 and 5xx are tried again, others are final and say what to do', async (t) => {
  for (const status of [408, 425, 429, 500, 501, 502, 503, 504, 599]) {
    const { url, requests } = await serve(t, {
      '/f': (req, res, count) => (count < 3 ? res.writeHead(status).end() : sendRange(req, res, content)),
    });
    const { take, bytes } = sink();
    await fetchFile(`${url}/f`, take, fast);
    assert.ok(content.equals(bytes()), `${status}`);
    assert.equal(requests.length, 3);
  }
  for (const status of [400, 401, 403, 404, 410, 451]) {
    const { url, requests } = await serve(t, { '/f': (_, res) => res.writeHead(status).end() });
    await assert.rejects(fetchFile(`${url}/f`, sink().take, fast), {
      code: 'FETCH_FAILED',
      subject: `${url}/f`,
      message: new RegExp(`${url}/f could not be fetched: the server answered ${status}: check the address`),
    });
    assert.equal(requests.length, 1, `${status}`);
  }
});

test('an environment without fetch: typed, with what to do instead', async (t) => {
  const { fetch } = globalThis;
  t.after(() => {
    globalThis.fetch = fetch;
  });
  delete globalThis.fetch;
  const picture = { url: 'http://localhost/p.jpg', maxBytes: 10, attempts: 3 };
  await assert.rejects(fetchInput(picture), {
    code: 'FETCH_FAILED',
    message: /p\.jpg could not be fetched: there is no fetch here \(jsdom has none\): give the bytes instead/,
  });
});

test('Retry-After is honored, in seconds and as a date, up to a bound', async (t) => {
  const waits = [];
  const { setTimeout: real } = globalThis;
  t.mock.method(globalThis, 'setTimeout', (work, ms, ...more) => {
    const { stack } = new Error();
    const ours = ms !== 30_000 && stack.includes('weights-http') && !stack.includes('undici');
    if (ours) waits.push(ms);
    return real(work, ours ? 0 : ms, ...more);
  });
  const answers = ['2', new Date(Date.now() + 5000).toUTCString(), '86400', 'soon'];
  const { url } = await serve(t, {
    '/f': (req, res, count) =>
      count <= answers.length
        ? res.writeHead(503, { 'retry-after': answers[count - 1] }).end()
        : sendRange(req, res, content),
  });
  const { take, bytes } = sink();
  await fetchFile(`${url}/f`, take, fast);
  assert.ok(content.equals(bytes()));
  assert.equal(waits[0], 2000);
  assert.ok(waits[1] > 3000 && waits[1] <= 5000, `${waits[1]}`);
  assert.equal(waits[2], 10_000);
  assert.ok(waits[3] < 100);
});

test('what is not verified is resumed only if the server proves that it is the same file', async (t) => {
  const send = (etag) => (req, res, count) => {
    if (count > 1) return sendRange(req, res, content);
    res.writeHead(200, { 'content-length': content.length, ...(etag ? { etag } : {}) });
    res.write(content.subarray(0, 1000), () => setTimeout(() => res.destroy(), 50));
  };
  for (const [etag, second] of [
    ['"1"', 'bytes=1000-'],
    ['W/"1"', undefined],
    [undefined, undefined],
  ]) {
    const { url, requests } = await serve(t, { '/f': send(etag) });
    assert.ok(content.equals(await fetchInput({ url: `${url}/f`, maxBytes: 1e6, attempts: 3 })));
    assert.deepEqual(ranges(requests), [undefined, second]);
  }
});

/** Answers to a request for the rest that are not the rest. */
const WRONG_PARTS = {
  'from another place': (from) => [from + 7, content.length],
  'from the beginning': () => [0, content.length],
  'of a file of another length': (from) => [from, content.length + 1],
};
for (const [what, part] of Object.entries(WRONG_PARTS)) {
  test(`a 206 ${what} is not appended: the file is fetched whole`, async (t) => {
    const routes = {};
    const { url, requests } = await serve(t, routes);
    const { take, bytes, arrived } = sink();
    routes['/f'] = (req, res, count) => {
      if (count === 1) return sendAndDrop(req, res, content, 1000, arrived(1000));
      if (count > 2) return sendRange(req, res, content);
      const [first, total] = part(1000);
      res.writeHead(206, { 'content-range': `bytes ${first}-${total - 1}/${total}` }).end(content.subarray(first));
    };
    await fetchFile(`${url}/f`, take, fast);
    assert.ok(content.equals(bytes()));
    assert.deepEqual(ranges(requests), [undefined, 'bytes=1000-', undefined]);
  });
}

test('a refusal to resume (416) begins anew', async (t) => {
  const routes = {};
  const { url, requests } = await serve(t, routes);
  const { take, bytes, arrived } = sink();
  routes['/f'] = (req, res, count) => {
    if (count === 1) return sendAndDrop(req, res, content, 1000, arrived(1000));
    if (req.headers.range) return res.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    sendRange(req, res, content);
  };
  await fetchFile(`${url}/f`, take, fast);
  assert.ok(content.equals(bytes()));
  assert.equal(requests.length, 3);
});

test('pictures: tried again, bounded in length and silence, final where nothing else would help', async (t) => {
  const { url, requests } = await serve(t, {
    '/f': (req, res, count) => (count < 2 ? req.socket.destroy() : sendRange(req, res, content)),
    '/endless': (_, res) => {
      const more = () => {
        while (!res.destroyed && res.write(Buffer.alloc(1 << 16)));
        if (!res.destroyed) res.once('drain', more);
      };
      more();
    },
    '/page': (_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    '/svg': (_, res) => res.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<?xml version="1.0"?><svg/>'),
  });
  const get = (path) => fetchInput({ url: url + path, maxBytes: 200_000, attempts: 3 });
  assert.ok(content.equals(await get('/f')));
  await assert.rejects(get('/endless'), { code: 'IMAGE_TOO_LARGE', message: /raise maxBytes/ });
  assert.equal(
    new TextDecoder().decode(await get('/page')),
    '<!doctype html>',
    'the decoder says that it is no picture',
  );
  assert.equal(new TextDecoder().decode(await get('/svg')).slice(0, 5), '<?xml');
  await assert.rejects(get('/none'), { code: 'FETCH_FAILED', message: /404/ });
  assert.equal(requests.filter(({ path }) => path === '/none').length, 1);
  const began = performance.now();
  await assert.rejects(fetchInput({ url: 'blob:nodedata:gone', maxBytes: 1, attempts: 3 }), { code: 'FETCH_FAILED' });
  assert.ok(performance.now() - began < 200, 'an address that no server answers is not asked twice');
});

test('a slow taker is no silent server', async (t) => {
  const { url, requests } = await serve(t, { '/f': content });
  let received = 0;
  const take = async (chunk) => {
    received += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 120));
  };
  await fetchFile(`${url}/f`, take, { ...fast, stall: 60 });
  assert.equal(received, content.length);
  assert.equal(requests.length, 1);
});

const name = `resnet50-${sha256(content).slice(0, 8)}.pth`;
/** A folder and a server of one checkpoint. */
async function checkpointServer(t, route) {
  const path = join(await scratch(t), name);
  const { url, requests } = await serve(t, { [`/${name}`]: route });
  return { path, part: `${path}.part`, url: `${url}/${name}`, requests };
}

test('a checkpoint download that goes silent is tried again, and given up in the end', async (t) => {
  const silent = (_, res) =>
    void res.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 10));
  const { url, path } = await checkpointServer(t, (req, res, count) =>
    count < 3 ? silent(req, res) : sendRange(req, res, content),
  );
  await downloadCheckpoint(url, path, { ...fast, stall: 100 });
  assert.ok(content.equals(await readFile(path)));
  const dead = await checkpointServer(t, () => undefined);
  await assert.rejects(downloadCheckpoint(dead.url, dead.path, { ...fast, stall: 50, attempts: 2 }), {
    code: 'FETCH_FAILED',
    message: /went silent/,
  });
  assert.equal(dead.requests.length, 2);
});

test('a checkpoint without an end does not fill the disk, whether it says its length or not', async (t) => {
  const endless = (_, res) => {
    const more = () => {
      while (!res.destroyed && res.write(content));
      if (!res.destroyed) res.once('drain', more);
    };
    more();
  };
  const long = (_, res) => void res.writeHead(200, { 'content-length': 2 ** 40 }).write(content);
  for (const route of [endless, long]) {
    const { url, path, part } = await checkpointServer(t, route);
    await assert.rejects(downloadCheckpoint(url, path, { ...fast, maxBytes: 1e6 }), {
      code: 'FETCH_FAILED',
      message: /more than 1000000 bytes/,
    });
    assert.ok(!existsSync(part) && !existsSync(path));
  }
});

test('a checkpoint: a wrong 206 is not appended, the part of an earlier process is continued or replaced', async (t) => {
  const wrong = await checkpointServer(t, (req, res, count) => {
    if (count > 1) return sendRange(req, res, content);
    res.writeHead(206, { 'content-range': `bytes 0-${content.length - 1}/${content.length}` }).end(content);
  });
  await writeFile(wrong.part, content.subarray(0, 5000));
  await downloadCheckpoint(wrong.url, wrong.path, fast);
  assert.ok(content.equals(await readFile(wrong.path)));
  assert.deepEqual(ranges(wrong.requests), ['bytes=5000-', undefined]);

  const whole = await checkpointServer(t, (_, res) =>
    res.writeHead(416, { 'content-range': `bytes */${content.length}` }).end(),
  );
  await writeFile(whole.part, content);
  await downloadCheckpoint(whole.url, whole.path, fast);
  assert.ok(content.equals(await readFile(whole.path)));

  const longer = await checkpointServer(t, content);
  await writeFile(longer.part, Buffer.concat([content, content]));
  await downloadCheckpoint(longer.url, longer.path, fast).catch(() => undefined); // the server's word on the range is odd
  assert.ok(!existsSync(longer.path) || content.equals(await readFile(longer.path)));
});

test('an abort stops a checkpoint download, and what has arrived stays for the next', async (t) => {
  const { url, path, part } = await checkpointServer(t, (_, res) => {
    res.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 1000));
  });
  const stop = new AbortController();
  const onBytes = () => setTimeout(() => stop.abort(new Error('enough')), 20);
  await assert.rejects(downloadCheckpoint(url, path, { ...fast, onBytes, signal: stop.signal }), /enough/);
  assert.equal((await readFile(part)).length, 1000);
});

test('two downloads of one checkpoint: one asks the server, the other waits and finds the file', async (t) => {
  const slow = async (_, res) => {
    res.writeHead(200, { 'content-length': content.length });
    for (let at = 0; at < content.length; at += 20_000) {
      res.write(content.subarray(at, at + 20_000));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    res.end();
  };
  const { url, path, requests } = await checkpointServer(t, slow);
  let waits = 0;
  const options = { ...fast, onWait: () => waits++ };
  await Promise.all([1, 2, 3].map(() => downloadCheckpoint(url, path, options)));
  assert.ok(content.equals(await readFile(path)));
  assert.deepEqual([requests.length, waits], [1, 2]);
  assert.deepEqual(await readdir(join(path, '..')), [name]);

  const failing = await checkpointServer(t, (req, res, count) =>
    count === 1 ? res.writeHead(404).end() : sendRange(req, res, content),
  );
  const ends = await Promise.allSettled([1, 2].map(() => downloadCheckpoint(failing.url, failing.path, fast)));
  assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'who waited tries for itself');
  assert.ok(content.equals(await readFile(failing.path)));
});

test('a checkpoint on a disk that is full: the file and the remedy are named, and with room it goes on', async (t) => {
  const folder = join(await scratch(t), 'disk');
  const mounted = await withDisk(folder, '64k', async (disk) => {
    const { url, requests } = await checkpointServer(t, content);
    const path = join(folder, name);
    await assert.rejects(downloadCheckpoint(url, path, fast), {
      code: 'CANNOT_WRITE',
      subject: `${path}.part`,
      message: /no room left on the disk: make some/,
    });
    assert.equal(requests.length, 1);
    assert.ok(disk.resize('1m'));
    await downloadCheckpoint(url, path, fast);
    assert.ok(content.equals(await readFile(path)));
  });
  if (!mounted) t.skip('only root may mount a small disk');
});

test('manifests: redirects within the origin are followed, those to another are refused before it is asked', async (t) => {
  const { HttpFolder } = await importSource('weights/folder-http.ts');
  const { fetchSameOrigin } = await importSource('weights/redirects.node.ts');
  const text = JSON.stringify(makeVariant('web').manifest);
  const other = await serve(t, { '/manifest.json': Buffer.from(text) });
  const to = (location) => (_, res) => res.writeHead(302, { location }).end();
  const routes = { '/there/manifest.json': Buffer.from(text), '/hop': to('there/manifest.json') };
  const { url } = await serve(t, routes);
  const load = (within) => new HttpFolder(url, undefined, 500, undefined, within).manifest();
  for (const location of ['/there/manifest.json', '/hop', `${url}/hop`]) {
    routes['/manifest.json'] = to(location);
    for (const within of [fetchSameOrigin, fetch]) assert.equal((await load(within)).name, 'web', location);
  }
  const sideways = url.replace('127.0.0.1', 'localhost');
  for (const location of [
    `${other.url}/manifest.json`,
    `//${new URL(other.url).host}/manifest.json`,
    `${sideways}/hop`,
  ]) {
    for (const first of [location, '/hop']) {
      routes['/manifest.json'] = to(first);
      routes['/hop'] = to(location);
      await assert.rejects(load(fetchSameOrigin), {
        code: 'FETCH_FAILED',
        message: new RegExp(`redirects to ${new URL(location, url).origin}`),
      });
    }
  }
  assert.equal(other.requests.length, 0);
  routes['/manifest.json'] = to(`${other.url}/manifest.json`);
  await assert.rejects(load(fetch), { code: 'FETCH_FAILED', message: /redirects to/ }, 'as pages do');
  for (const location of ['http://', '/manifest.json']) {
    routes['/manifest.json'] = to(location);
    await assert.rejects(load(fetchSameOrigin), { code: 'FETCH_FAILED' }, location);
  }
});

test('a proxy that Node.js does not use is spoken of', async (t) => {
  const { url, path } = await checkpointServer(t, (req) => req.socket.destroy());
  const before = process.env.HTTPS_PROXY;
  process.env.HTTPS_PROXY = 'http://127.0.0.1:9';
  t.after(() => {
    if (before === undefined) delete process.env.HTTPS_PROXY;
    else process.env.HTTPS_PROXY = before;
  });
  await assert.rejects(downloadCheckpoint(url, path, { ...fast, attempts: 1 }), {
    code: 'FETCH_FAILED',
    message: /HTTPS_PROXY is set.*NODE_USE_ENV_PROXY=1.*--checkpoints/,
  });
  assert.deepEqual(await readdir(join(path, '..')), [], 'no empty part is left');
});

test('manifests: with a copy in the cache a server that answers 5xx is as good as one that is away', async (t) => {
  const { HttpFolder } = await importSource('weights/folder-http.ts');
  const text = JSON.stringify(makeVariant('web').manifest);
  const store = { get: async () => undefined, putText: async () => undefined };
  for (const fail of [(req) => req.socket.destroy(), (_, res) => res.writeHead(503).end(), () => undefined]) {
    const { url, requests } = await serve(t, { '/manifest.json': fail });
    const cached = new HttpFolder(url, { ...store, getText: async () => text }, 100);
    assert.equal((await cached.manifest()).name, 'web');
    assert.equal(requests.length, 1, 'at once');
    const bare = new HttpFolder(url, { ...store, getText: async () => undefined }, 100);
    await assert.rejects(bare.manifest(), { code: 'FETCH_FAILED', subject: `${url}/manifest.json` });
    assert.equal(requests.length, 4);
  }
});
