// Every await of what can be aborted: the call rejects with the abort's own reason or has its right result, nothing is left
// behind, and the next call works. Over a stand-in for the core; what reads, downloads and locks is tried by itself.
import assert from 'node:assert/strict';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { abortEverywhere, nothingLeft } from './aborting.mjs';
import {
  best,
  coreMissing,
  fakeImage,
  fakeModel,
  importSource,
  ROOT,
  scratch,
  sendRange,
  serve,
  sha256,
  writeVariant,
} from './helpers.mjs';

const { readBytes } = await importSource('base/read.node.ts');
const { locked } = await importSource('base/lock.node.ts');
const { downloadCheckpoint } = await importSource('convert/checkpoints.ts');
const { findWeightsFolder } = await importSource('weights/source.ts');
const { DiskFolder } = await importSource('weights/folder-disk.node.ts');
const { HttpFolder } = await importSource('weights/folder-http.ts');
const { streamShards } = await importSource('weights/stream.ts');

/** The picture of class 2 in every kind of input that is read late. */
async function pictures(t) {
  const [bytes, folder] = [fakeImage(2), await scratch(t)];
  const path = join(folder, 'two.jpg');
  await writeFile(path, bytes);
  const { url } = await serve(t, { '/two.jpg': bytes });
  return {
    path: () => path,
    blob: () => new Blob([bytes]),
    address: () => `${url}/two.jpg`,
    'data address': () => `data:image/png;base64,${bytes.toString('base64')}`,
    response: () => new Response(bytes),
    'web stream': () => new Blob([bytes]).stream(),
    'stream of Node.js': () => createReadStream(path),
    bytes: () => bytes,
  };
}

for (const worker of [true, false]) {
  test(`classify, every kind of input, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { model } = await fakeModel(t, { worker });
    for (const [kind, input] of Object.entries(await pictures(t))) {
      await best(model, input()); // what is loaded late is there
      const check = nothingLeft();
      const given = [];
      const { awaits, aborted } = await abortEverywhere({
        run(signal) {
          given.push(input());
          return model.classify(given[0], { topK: 1, signal });
        },
        right: ([{ index }]) => assert.equal(index, 2),
        async after() {
          given.pop().destroy?.(); // a stream that was not begun is its owner's
          assert.equal(await best(model, fakeImage(3)), 3);
        },
      });
      await check();
      t.diagnostic(`${kind}: ${awaits} awaits, ${aborted} aborted`);
      assert.ok(aborted >= 3, `${kind}: ${aborted} of ${awaits}`);
    }
  });

  test(`all calls, one image and several, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { model } = await fakeModel(t, { worker });
    const inputs = await pictures(t);
    const many = () => [inputs.path(), inputs.blob(), inputs.address(), inputs.bytes()];
    const row = (logits) => assert.equal(logits.indexOf(Math.max(...logits)), 2);
    const calls = {
      'classify several': [
        (signal) => model.classify(many(), { topK: 1, signal }),
        (lists) =>
          assert.deepEqual(
            lists.map(([{ index }]) => index),
            [2, 2, 2, 2],
          ),
      ],
      'classify settled': [
        (signal) => model.classify([...many(), join(ROOT, 'none.jpg')], { topK: 1, signal, settled: true }),
        (all) => assert.deepEqual(all.map(({ status }) => status[0]).join(''), 'ffffr'),
      ],
      logits: [(signal) => model.logits(inputs.path(), { signal }), row],
      features: [(signal) => model.features(inputs.path(), 'layer4', { signal }), ({ data }) => row(data)],
      embed: [(signal) => model.embed([inputs.path(), inputs.blob()], { signal }), (rows) => rows.forEach(row)],
      explain: [(signal) => model.explain(inputs.path(), { signal }), ({ index }) => assert.equal(index, 2)],
      preprocess: [(signal) => model.preprocess(inputs.blob(), { signal }), ({ width }) => assert.equal(width, 224)],
    };
    for (const [name, [run, right]] of Object.entries(calls)) {
      await run(undefined);
      const check = nothingLeft();
      const after = async () => assert.equal(await best(model, fakeImage(1)), 1);
      const { awaits, aborted } = await abortEverywhere({ run, right, after });
      await check();
      t.diagnostic(`${name}: ${awaits} awaits, ${aborted} aborted`);
      assert.ok(aborted >= 3, `${name}: ${aborted} of ${awaits}`);
    }
  });

  test(`load from a folder and from a server, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { ResNet50, weightsDir, model } = await fakeModel(t, { worker });
    const folder = join(weightsDir, 'IMAGENET1K_V2');
    const routes = Object.fromEntries(
      readdirSync(folder).map((name) => [`/w/${name}`, readFileSync(join(folder, name))]),
    );
    const { url } = await serve(t, routes);
    const cache = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = await scratch(t);
    t.after(() => {
      if (cache === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = cache;
    });
    for (const weights of [folder, `${url}/w/`]) {
      const load = (signal) => ResNet50.load({ weights, worker, threads: 1, signal });
      await (await load()).dispose();
      const check = nothingLeft();
      const loaded = [];
      const { awaits, aborted } = await abortEverywhere({
        run: async (signal) => loaded.push(await load(signal)),
        right: () => undefined,
        after: async () => {
          for (const one of loaded.splice(0)) {
            assert.equal(await best(one, fakeImage(3)), 3);
            await one.dispose();
          }
        },
      });
      await check();
      assert.equal(await best(model, fakeImage(1)), 1);
      t.diagnostic(`${awaits} awaits, ${aborted} aborted`);
      assert.ok(aborted >= 3, `${aborted} of ${awaits}`);
    }
  });
}

test('files, locks and folders of weights', async (t) => {
  const folder = await scratch(t);
  await writeVariant(folder, 'MADE_UP', { shards: 5 });
  const file = join(folder, 'file');
  await writeFile(file, Buffer.alloc(100_000, 7));
  const files = Object.fromEntries(
    readdirSync(join(folder, 'MADE_UP')).map((name) => [`/w/${name}`, readFileSync(join(folder, 'MADE_UP', name))]),
  );
  const { url } = await serve(t, files);
  const stream = async (opened, signal) => {
    const source = { kind: 'folders', name: 'MADE_UP', folders: [{ address: '' }], known: false, advice: '' };
    const found = await findWeightsFolder(source, () => opened, signal);
    const taken = [];
    const sink = { take: ({ sha256: hash }, bytes) => void taken.push(hash === sha256(bytes)) };
    await streamShards(found.folder, found.manifest.precisions.int8.shards, sink, signal);
    return taken;
  };
  const whole = (taken) => assert.deepEqual(taken, [true, true, true, true, true]);
  const operations = {
    readBytes: [(signal) => readBytes(file, { maxBytes: 1e6, signal }), ({ length }) => assert.equal(length, 100_000)],
    'a lock': [(signal) => locked(file, async () => 'mine', { signal }), (value) => assert.equal(value, 'mine')],
    'a folder on disk': [(signal) => stream(new DiskFolder(join(folder, 'MADE_UP')), signal), whole],
    'a folder behind HTTP': [(signal) => stream(new HttpFolder(`${url}/w/`, undefined), signal), whole],
  };
  for (const [name, [run, right]] of Object.entries(operations)) {
    right(await run(undefined));
    const check = nothingLeft();
    const { awaits, aborted } = await abortEverywhere({ run, right });
    await check();
    right(await run(undefined));
    t.diagnostic(`${name}: ${awaits} awaits, ${aborted} aborted`);
    assert.ok(aborted >= 1, `${name}: ${aborted} of ${awaits}`);
  }
});

test('the download of a checkpoint: what has arrived waits for the next try, whose file is whole', async (t) => {
  const bytes = Buffer.alloc(50_000, 'checkpoint ');
  const name = `made-up-${sha256(bytes).slice(0, 8)}.pth`;
  const { url } = await serve(t, { [`/${name}`]: (request, response) => sendRange(request, response, bytes) });
  const folder = await scratch(t);
  const path = join(folder, 'below', name);
  await downloadCheckpoint(`${url}/${name}`, path);
  const check = nothingLeft();
  const { awaits, aborted } = await abortEverywhere({
    async run(signal) {
      await rm(path, { force: true });
      await downloadCheckpoint(`${url}/${name}`, path, { signal });
      return readFile(path);
    },
    right: (found) => assert.ok(found.equals(bytes)),
    async after() {
      for (const left of readdirSync(join(folder, 'below'))) assert.ok([name, `${name}.part`].includes(left), left);
      await downloadCheckpoint(`${url}/${name}`, path);
      assert.ok((await readFile(path)).equals(bytes));
      assert.deepEqual(readdirSync(join(folder, 'below')), [name]);
    },
  });
  await check();
  t.diagnostic(`${awaits} awaits, ${aborted} aborted`);
  assert.ok(aborted >= 10);
});

test('the compiled core: classify, fit and load', { skip: coreMissing() }, async (t) => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  const load = (signal) => ResNet50.load({ weights: 'CIFAR10_DEMO', threads: 1, signal });
  const model = await load();
  t.after(() => model.dispose());
  const photo = join(ROOT, 'tests', 'data', 'cifar10', 'bird.jpg');
  const expected = await model.logits(photo);
  const same = (logits) => assert.deepEqual(logits, expected);
  const tries = { run: (signal) => model.logits(photo, { signal }), right: same, step: 5 };
  const classified = await abortEverywhere({ ...tries, after: async () => same(await model.logits(photo)) });
  assert.ok(classified.aborted >= 3);

  const embedding = (x) => Float32Array.from({ length: 2048 }, (_, i) => Math.sin(x * i));
  const examples = [1, 2, 3, 4].map((x) => ({ label: x % 2 === 0 ? 'even' : 'odd', embedding: embedding(x) }));
  await model.fit(examples);
  await model.reset();
  const check = nothingLeft();
  const fitted = await abortEverywhere({
    run: (signal) => model.fit(examples, { epochs: 5, signal }),
    right: ({ classes }) => assert.deepEqual(classes, ['even', 'odd']),
    step: 3,
    async after() {
      await model.reset();
      same(await model.logits(photo));
    },
  });
  await check();
  assert.ok(fitted.aborted >= 3);

  const loaded = [];
  const loads = await abortEverywhere({
    run: async (signal) => loaded.push(await load(signal)),
    right: () => undefined,
    step: 7,
    after: async () => Promise.all(loaded.splice(0).map((one) => one.dispose())),
  });
  await check();
  for (const [name, { awaits, aborted }] of Object.entries({ classified, fitted, loads }))
    t.diagnostic(`${name}: ${awaits} awaits, ${aborted} aborted`);
});
