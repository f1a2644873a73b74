// What is in the cache goes into a network while the server is asked for the manifest; what the server says then counts.
import assert from 'node:assert/strict';
import test from 'node:test';
import factory from './fake-core.mjs';
import { importSource, makeVariant, serve } from './helpers.mjs';

const { loadNetwork } = await importSource('host/load.ts');
const { HttpFolder } = await importSource('weights/folder-http.ts');

const LIMIT = { timeout: 20_000 };
const textOf = ({ manifest }) => JSON.stringify(manifest);
const shardsOf = ({ manifest }) => manifest.precisions.int8.shards;

/** A store in memory that holds a variant, or part of it. */
function storeOf(variant, kept = shardsOf(variant)) {
  const read = [];
  return {
    ...{ keepsDecoded: true, read, texts: [textOf(variant)], put: async () => undefined },
    get: async (shard) => {
      read.push(shard.file);
      const there = kept.some(({ sha256 }) => sha256 === shard.sha256);
      return there ? new Uint8Array(variant.files.get(shard.file)) : undefined;
    },
    getText: async () => textOf(variant),
    putText: async (_, text) => void store(text),
  };
  function store(text) {
    variant = { ...variant, manifest: JSON.parse(text) };
  }
}

/** A server of a variant that sends its manifest when it is told to, and what goes on in the meantime. */
async function visit(t, variant, store, text = textOf(variant)) {
  let answer;
  const asked = new Promise((resolve) => {
    answer = resolve;
  });
  const routes = Object.fromEntries([...variant.files].map(([file, bytes]) => [`/${file}`, bytes]));
  routes['/manifest.json'] = (_, response) => asked.then((body) => response.end(body));
  const { url, requests } = await serve(t, routes);
  const [events, loaded, sessions] = [[], [], { deleted: 0 }];
  const realm = {
    openFolder: (address) => new HttpFolder(address, store),
    loadFactory: async () => async (options) => watched(await factory(options), loaded, sessions),
  };
  const network = loadNetwork(spec(url), realm, {
    signal: new AbortController().signal,
    onProgress: (event) => events.push(event),
  });
  network.catch(() => undefined);
  const paths = () => requests.map(({ path }) => path);
  return { network, events, loaded, sessions, paths, confirm: () => answer(text) };
}

/** Writes down the shards that go into sessions of a core, and the sessions that are deleted. */
function watched(core, loaded, sessions) {
  const { session_loadShard: load, session_delete: end } = core;
  core.session_loadShard = (handle, pointer, bytes, name) => {
    loaded.push(name);
    return load(handle, pointer, bytes, name);
  };
  core.session_delete = (handle) => {
    sessions.deleted++;
    return end(handle);
  };
  return core;
}

const spec = (url) => ({
  ...{ flavour: 'simd', threads: 1, precision: 'auto', activationBits: 7, wasmFile: null, wasmModule: null },
  source: { kind: 'folders', name: 'web', folders: [{ address: `${url}/` }], known: true, advice: '' },
  ...{ transforms: {}, revectorized: false },
});

const until = async (holds) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const files = (variant) => shardsOf(variant).map(({ file }) => file);

test('all cached shards are packed before the server answers, and nothing shows until it has', LIMIT, async (t) => {
  const variant = makeVariant('web', { shards: 9 });
  const { network, events, loaded, sessions, paths, confirm } = await visit(t, variant, storeOf(variant));
  await until(() => loaded.length === 9);
  assert.deepEqual(
    events.map(({ phase }) => phase),
    ['core'],
  );
  confirm();
  assert.equal((await network).facts.name, 'web');
  assert.deepEqual(loaded, files(variant), 'once each');
  const total = shardsOf(variant).reduce((sum, { bytes }) => sum + bytes, 0);
  assert.deepEqual(
    [events[1], events.at(-2), events.at(-1)].map(({ phase, loaded, total }) => [phase, loaded, total]),
    [
      ['manifest', 0, total],
      ['weights', total, total],
      ['ready', total, total],
    ],
  );
  assert.deepEqual(paths(), ['/manifest.json']);
  assert.equal(sessions.deleted, 0);
});

test('a shard that the cache lacks is not asked for before the server has confirmed the manifest', LIMIT, async (t) => {
  const variant = makeVariant('web', { shards: 5 });
  const store = storeOf(variant, shardsOf(variant).slice(0, 2));
  const { network, loaded, paths, confirm } = await visit(t, variant, store);
  await until(() => loaded.length === 2 && store.read.length === 5);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(paths(), ['/manifest.json']);
  confirm();
  await network;
  assert.deepEqual(loaded, files(variant));
  assert.deepEqual(
    paths().slice(1).sort(),
    files(variant)
      .slice(2)
      .map((file) => `/${file}`),
  );
});

test(
  'another manifest counts: the first network is deleted, and nothing of the old one is asked for',
  LIMIT,
  async (t) => {
    const [old, fresh] = [
      makeVariant('web', { shards: 4 }),
      makeVariant('web', { shards: 3, bytes: 7000, classes: 6 }),
    ];
    const store = storeOf(old, shardsOf(old).slice(0, 3));
    const { network, events, loaded, sessions, paths, confirm } = await visit(t, fresh, store);
    await until(() => loaded.length === 3);
    confirm();
    const { facts } = await network;
    assert.equal(facts.classes, 6);
    assert.equal(sessions.deleted, 1);
    assert.deepEqual(loaded.slice(3), files(fresh));
    assert.deepEqual(
      paths().slice(1).sort(),
      files(fresh).map((file) => `/${file}`),
    );
    const manifests = events.filter(({ phase }) => phase === 'manifest');
    const total = shardsOf(fresh).reduce((sum, { bytes }) => sum + bytes, 0);
    assert.deepEqual(
      manifests.map((event) => event.total),
      [total],
      'the old one never shows',
    );
  },
);

test('an answer that is no manifest ends the load by its own error', LIMIT, async (t) => {
  const variant = makeVariant('web');
  const { network, loaded, sessions, confirm } = await visit(t, variant, storeOf(variant), '{"format":"else"}');
  await until(() => loaded.length === 3);
  confirm();
  await assert.rejects(network, { code: 'MANIFEST_FORMAT' });
  await until(() => sessions.deleted === 1);
});

test(
  'writing to the cache holds up no shard, the load ends after it, and few are written at a time',
  LIMIT,
  async (t) => {
    const variant = makeVariant('web', { shards: 8 });
    let [writing, most] = [[], 0];
    const put = () =>
      new Promise((resolve) => {
        writing.push(resolve);
        most = Math.max(most, writing.length);
      });
    const store = { ...storeOf(variant, []), put, getText: async () => undefined };
    const { network, loaded, confirm } = await visit(t, variant, store);
    confirm();
    await until(() => loaded.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(most <= 7, `${most} at a time`);
    let ended = false;
    network.then(() => {
      ended = true;
    });
    for (let written = 0; written < 8; written++) {
      await until(() => writing.length > 0);
      assert.equal(ended, false);
      writing.shift()();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await network;
    assert.deepEqual(loaded, files(variant));
  },
);

test('a cache that never answers holds a load up for a moment only, and is asked no more', LIMIT, async (t) => {
  const variant = makeVariant('web');
  const never = () => new Promise(() => undefined);
  for (const silent of ['getText', 'get', 'put', 'putText']) {
    const asked = [];
    const store = {
      keepsDecoded: true,
      ...{ getText: async () => undefined, get: async () => undefined, put: async () => undefined },
      putText: async () => undefined,
      [silent]: (what) => {
        asked.push(what);
        return never();
      },
    };
    const routes = Object.fromEntries([...variant.files].map(([file, bytes]) => [`/${file}`, bytes]));
    const { url } = await serve(t, { ...routes, '/manifest.json': Buffer.from(textOf(variant)) });
    const realm = { openFolder: (address) => new HttpFolder(address, store, 300), loadFactory: async () => factory };
    const context = { signal: new AbortController().signal, onProgress: () => undefined };
    const { facts } = await loadNetwork(spec(url), realm, context);
    assert.equal(facts.name, 'web', silent);
    assert.ok(asked.length > 0 && asked.length <= 6, `${silent}: asked ${asked.length} times`);
  }
});
