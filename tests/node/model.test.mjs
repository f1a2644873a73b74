// The API as built, over a stand-in for the core: inputs, options, order, aborts, crashes, where weights are sought.
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  best,
  FLAVOURS,
  fakeImage,
  fakeModel,
  makeVariant,
  run,
  scratch,
  sendAndDrop,
  sendRange,
  serve,
  writeVariant,
} from './helpers.mjs';

for (const worker of [true, false]) {
  test(`every kind of input, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { model, weightsDir } = await fakeModel(t, { worker });
    const path = join(weightsDir, 'a photo.jpg');
    const bytes = fakeImage(2);
    await writeFile(path, bytes);
    const { url } = await serve(t, { '/p.jpg': bytes });
    const padded = Buffer.concat([Buffer.from('xx'), bytes]);
    const inputs = {
      path,
      fileUrl: pathToFileURL(path),
      fileUrlText: pathToFileURL(path).href,
      http: `${url}/p.jpg`,
      data: `data:image/jpeg;base64,${bytes.toString('base64')}`,
      dataText: `data:,${encodeURIComponent(bytes.toString())}`,
      buffer: bytes,
      view: new Uint8Array(padded.buffer, padded.byteOffset + 2, bytes.length),
      arrayBuffer: new Uint8Array(bytes).buffer,
      blob: new Blob([bytes]),
      file: new File([bytes], 'p.jpg'),
      stream: new Blob([bytes]).stream(),
      response: new Response(bytes),
      rgb: { data: new Uint8Array(12).fill(2), width: 2, height: 2 },
      rgba: { data: new Uint8ClampedArray(16).fill(2), width: 2, height: 2, channels: 4 },
    };
    for (const [kind, input] of Object.entries(inputs)) assert.equal(await best(model, input), 2, kind);
    assert.equal(bytes.toString(), fakeImage(2).toString(), 'bytes of the caller are not taken away');
    assert.equal(inputs.rgb.data.length, 12);
    assert.equal(model.info().worker, worker);
  });
}

test('a module that is loaded late and is not there: an error that says so, and the next call works', async (t) => {
  const { model, folder } = await fakeModel(t);
  const late = (await readdir(join(folder, 'dist'))).filter((name) => /^node-(extras|training)-/.test(name));
  assert.equal(late.length, 2);
  for (const name of late) await rm(join(folder, 'dist', name));
  const missing = { name: 'ResNet50Error', code: 'FETCH_FAILED', message: /publish all files/ };
  await assert.rejects(model.parameter('fc.bias'), missing);
  await assert.rejects(model.classify('data:,x'), missing);
  await assert.rejects(model.fit([]), missing);
  assert.equal(await best(model, fakeImage(2)), 2);
});

test('a normalization that is not the one of the weights is warned of once a model', async (t) => {
  const warn = t.mock.method(console, 'warn', () => undefined);
  const { model, ResNet50, weightsDir } = await fakeModel(t);
  await model.classify(fakeImage(1), { transforms: { resizeSize: 300 } });
  assert.equal(warn.mock.callCount(), 0);
  for (let i = 0; i < 2; i++) await model.classify(fakeImage(1), { transforms: { mean: [0.5, 0.5, 0.5] } });
  assert.equal(warn.mock.callCount(), 1);
  assert.match(warn.mock.calls[0].arguments[0], /IMAGENET1K_V2 was trained with mean \[0\.485.*\[0\.5, 0\.5, 0\.5\]/);
  const other = await ResNet50.load({ weightsDir, transforms: { std: [1, 1, 1] } });
  assert.equal(warn.mock.callCount(), 2, 'at once where load says so');
  await other.dispose();
});

test('crops, region and rotation reach the core', async (t) => {
  const { model } = await fakeModel(t);
  const scores = await model.classify(fakeImage(0), { crops: 2 });
  assert.deepEqual(new Set(scores.slice(0, 2).map(({ index }) => index)), new Set([0, 1]), 'two crops see two pixels');
  assert.ok(scores[1].score > 0.45 && scores[0].score < 0.55);
  assert.equal(await best(model, fakeImage(0), { rotate: 180 }), 2);
  assert.equal(await best(model, fakeImage(0), { region: { left: 0.5, top: 0, right: 1, bottom: 1 } }), 0, '8 / 2 = 4');
  const { pixels, shape } = await model.preprocess(fakeImage(7), { transforms: { cropSize: 32 } });
  assert.deepEqual([pixels[0], pixels.length, shape], [7, 3 * 32 * 32, [3, 32, 32]]);
});

test('results: best first, labels, ids; topK, threshold, allow, deny', async (t) => {
  const { model } = await fakeModel(t);
  const [first, ...rest] = await model.classify(fakeImage(1));
  assert.deepEqual({ ...first, score: 0 }, { index: 1, wnid: 'n00000001', label: 'label 1', score: 0 });
  assert.ok(first.score > 0.9 && rest.length === 3);
  const indices = async (options) => (await model.classify(fakeImage(1), options)).map((c) => c.index);
  assert.deepEqual(await indices({ topK: 2 }), [1, 3]);
  assert.deepEqual(await indices({ topK: Number.POSITIVE_INFINITY }), [1, 3, 2, 0]);
  assert.deepEqual(await indices({ threshold: 0.5 }), [1]);
  assert.deepEqual(await indices({ allow: [0, 'n00000002', 'LABEL 3'] }), [3, 2, 0]);
  assert.deepEqual(await indices({ deny: ['label 1'] }), [3, 2, 0]);
  assert.deepEqual(await indices({ allow: [1, 2], deny: [1] }), [2]);
  assert.deepEqual(await indices({ allow: [] }), []);
});

test('several images in one call, in order; logits; tensors', async (t) => {
  const { model } = await fakeModel(t);
  const lists = await model.classify([3, 0, 2, 1].map(fakeImage), { topK: 1 });
  assert.deepEqual(
    lists.map(([c]) => c.index),
    [3, 0, 2, 1],
  );
  assert.deepEqual(await model.classify([]), []);
  const logits = await model.logits(fakeImage(2));
  assert.ok(logits instanceof Float32Array);
  assert.deepEqual(
    Array.from(logits, (v) => Math.round(v * 100)),
    [0, 1, 500, 3],
  );
  assert.equal((await model.logits([fakeImage(0), fakeImage(1)])).length, 2);
  const tensor = new Float32Array(3 * 4 * 4).fill(3);
  assert.equal((await model.logits({ tensor, shape: [3, 4, 4] }))[3], 5);
  assert.equal((await model.logits({ tensor: new Float32Array(96), shape: [2, 3, 4, 4] })).length, 2);
  await assert.rejects(model.logits({ tensor, shape: [1, 4, 4] }), { code: 'INVALID_ARGUMENT' });
});

test('calls queue, and their results come in the order of the calls', async (t) => {
  const { model } = await fakeModel(t);
  const { url } = await serve(t, { '/slow': (_, res) => setTimeout(() => res.end(fakeImage(0)), 150) });
  const order = [];
  const calls = [`${url}/slow`, fakeImage(1), fakeImage(2)].map((image, i) =>
    best(model, image).then((index) => order.push([i, index])),
  );
  await Promise.all(calls);
  assert.deepEqual(order, [
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
});

test('bad input gets one typed error that names it, and the next call works', async (t) => {
  const { model, weightsDir } = await fakeModel(t, { maxBytes: 1000 });
  const text = join(weightsDir, 'notes.txt');
  await writeFile(text, 'just text');
  const cases = [
    [text, 'NOT_AN_IMAGE', /notes\.txt/],
    [join(weightsDir, 'none.jpg'), 'FILE_NOT_FOUND', /none\.jpg: there is no such file/],
    [weightsDir, 'FILE_NOT_FOUND', /is a folder/],
    [Buffer.from('RIFF....WEBP'), 'UNSUPPORTED_FORMAT', /convert it/],
    [Buffer.alloc(2000), 'IMAGE_TOO_LARGE', /maxBytes/],
    [new Blob([Buffer.alloc(2000)]), 'IMAGE_TOO_LARGE', /maxBytes/],
    [{ data: new Uint8Array(5), width: 2, height: 2 }, 'INVALID_ARGUMENT', /5 bytes are not 2 x 2/],
    [{ data: new Float32Array(12), width: 2, height: 2 }, 'UNSUPPORTED_INPUT', /8-bit/],
    [{ data: new Uint8Array(0), width: 0, height: 0 }, 'INVALID_ARGUMENT', /0 x 0/],
    [null, 'UNSUPPORTED_INPUT', /null/],
    [42, 'UNSUPPORTED_INPUT', /number/],
    [{}, 'UNSUPPORTED_INPUT', /Object/],
    ['data:image/png;base64,%%%', 'UNSUPPORTED_INPUT', /data:/],
    ['http://127.0.0.1:9/x.jpg', 'FETCH_FAILED', /127\.0\.0\.1:9/],
    ['http://', 'UNSUPPORTED_INPUT', /http:\/\/ is no address/],
    ['file://server/share/photo.jpg', 'UNSUPPORTED_INPUT', /is no address/],
  ];
  for (const [input, code, message] of cases) {
    await assert.rejects(model.classify(input), { name: 'ResNet50Error', code, message });
    assert.equal(await best(model, fakeImage(1)), 1);
  }
  await assert.rejects(model.classify([fakeImage(1), Buffer.from('no')]), { code: 'NOT_AN_IMAGE', subject: 'image 1' });
});

test('bad options are refused by name', async (t) => {
  const { model, ResNet50 } = await fakeModel(t);
  const bad = { topK: 0, threshold: 2, orientation: 'up', background: [1, 2], allow: 'cat' };
  for (const [option, value] of Object.entries(bad)) {
    await assert.rejects(model.classify(fakeImage(1), { [option]: value }), {
      code: 'INVALID_ARGUMENT',
      subject: option,
    });
  }
  await assert.rejects(model.classify(fakeImage(1), { allow: ['wombat'] }), {
    code: 'INVALID_ARGUMENT',
    message: /wombat/,
  });
  await assert.rejects(model.classify(fakeImage(1), { transforms: { cropSize: 1 } }), {
    subject: 'transforms.cropSize',
  });
  for (const [option, value] of Object.entries({
    threads: 0,
    precision: 'int4',
    activationBits: 6,
    flavour: 'x',
    weights: '',
  })) {
    await assert.rejects(ResNet50.load({ [option]: value }), { code: 'INVALID_ARGUMENT', subject: option });
  }
});

/** A list whose last entry is missing. */
const holed = (length, value) => new Array(length).fill(value, 0, length - 1);

/** Options that pass for right ones at a glance; each must be refused before it gets to the worker. */
const ODD = {
  classify: {
    allow: [[null], [undefined], [{}], [true], new Array(1), holed(3, 1)],
    deny: [[null], ['label 1', []]],
    threshold: ['0.5', null, [0.5], Number.NaN],
    activation: ['SIGMOID', null, 1, 'constructor'],
    background: [['1', '2', '3'], [null, null, null], new Array(3)],
    region: [{ left: '0', top: 0, right: 1, bottom: 1 }, 5, true],
    rotate: ['90', 45],
    crops: ['2', 3],
    transforms: [5, 'x', () => 1],
  },
  explain: { index: [true, {}, []], maxSide: ['512', [1], 0], activation: ['', {}] },
  preprocess: { layout: [null, 'NCHW'] },
  embed: { orientation: [null, 'EXIF'] },
};
for (const worker of [true, false]) {
  test(`odd options are refused by name and cost no core, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { model } = await fakeModel(t, { worker });
    const info = t.mock.method(console, 'info', () => undefined);
    for (const [method, options] of Object.entries(ODD)) {
      for (const [option, values] of Object.entries(options)) {
        for (const value of values) {
          const refused = { name: 'ResNet50Error', code: 'INVALID_ARGUMENT', subject: option };
          await assert.rejects(model[method](fakeImage(1), { [option]: value }), refused, `${method} ${option}`);
        }
      }
    }
    const transforms = [{ mean: [0, 0, '0'] }, { mean: new Array(3) }, { std: holed(3, 1) }, { constructor: () => 1 }];
    for (const value of transforms) {
      await assert.rejects(model.logits(fakeImage(1), { transforms: value }), {
        code: 'INVALID_ARGUMENT',
        subject: `transforms.${Object.keys(value)[0]}`,
      });
    }
    for (const map of [new Map([['topK', 1]]), new Date(), Promise.resolve({}), [], 'topK']) {
      const refused = { code: 'INVALID_ARGUMENT', subject: 'options' };
      await assert.rejects(model.classify(fakeImage(1), map), refused);
      assert.throws(() => model.summary(map), refused);
    }
    assert.throws(() => model.summary({ inputsize: 64 }), {
      code: 'INVALID_ARGUMENT',
      message: /did you mean inputSize/,
    });
    await assert.rejects(model.save({ wha: 'all' }), { code: 'INVALID_ARGUMENT', message: /did you mean what/ });
    const region = { left: 0, top: 0, right: 1, bottom: 1, botom: 1 };
    await assert.rejects(model.classify(fakeImage(1), { region }), {
      code: 'INVALID_ARGUMENT',
      subject: 'region.botom',
    });
    for (const stages of [[], [''], [null], new Array(1), holed(2, 'layer3'), 5, {}]) {
      await assert.rejects(model.features(fakeImage(1), stages), { code: 'INVALID_ARGUMENT', subject: 'stage' });
    }
    const tensor = new Float32Array(48);
    for (const shape of [null, 5, 'abc', {}, [1n], [3, 4], new Array(4), [1, 3, 4, 4.5]]) {
      await assert.rejects(model.logits({ tensor, shape }), { code: 'INVALID_ARGUMENT', subject: 'the tensor' });
    }
    assert.equal(await best(model, fakeImage(3)), 3);
    assert.equal(info.mock.callCount(), 0);
  });
}

test('odd options of load are refused by name', async (t) => {
  const { ResNet50, weightsDir } = await fakeModel(t);
  const odd = {
    maxPixels: [5n, '5', 0, Number.NaN, [5]],
    maxBytes: ['5', -1, {}],
    classes: ['10', 0],
    seed: ['1', 1.5],
    threads: ['2', 65],
    transforms: [5, () => 1],
    wasmUrl: ['http://', 'http://a b/'],
    weights: ['http://', 'file://server/share'],
    weightsUrl: ['http://', 'file://server/share'],
    weightsDir: [5, {}, true],
    onProgress: [5, 'x', {}],
    head: [
      { method: 'mean', classes: ['a'] },
      { method: 'head', classes: [] },
      { method: 'head', classes: ['a', 'b'], weight: new Float32Array(2), bias: new Float32Array(2) },
      { method: 'head', classes: ['a'], weight: 'many', bias: 5 },
      { method: 'knn', classes: ['a'], embeddings: new Float32Array(2048), labels: new Int32Array(1), k: 2 },
      { method: 'knn', classes: ['a'], embeddings: new Float32Array(2048), labels: new Int32Array([1]), k: 1 },
    ],
  };
  for (const [option, values] of Object.entries(odd)) {
    for (const value of values) {
      const refused = { name: 'ResNet50Error', code: 'INVALID_ARGUMENT', subject: option };
      await assert.rejects(ResNet50.load({ weightsDir, [option]: value }), refused, `${option}`);
    }
  }
});

/** The workers that get messages from now on. */
function watchWorkers(t) {
  const workers = new Set();
  const { postMessage } = Worker.prototype;
  t.mock.method(Worker.prototype, 'postMessage', function (...args) {
    workers.add(this);
    return postMessage.apply(this, args);
  });
  return workers;
}

test('a bug of ours is INTERNAL and leaves the core alive; what the core throws replaces it', async (t) => {
  const { model } = await fakeModel(t);
  const workers = watchWorkers(t);
  await assert.rejects(model.classify(Buffer.from('ODD')), {
    code: 'INTERNAL',
    message: /a bug of resnet50-wasm: Cannot read/,
  });
  assert.equal(await best(model, fakeImage(2)), 2);
  assert.equal(workers.size, 1, 'the same worker');
  for (const content of ['DEEP', 'TRAP']) {
    const before = workers.size;
    await assert.rejects(model.classify(Buffer.from(content)), { code: 'CORE_CRASHED', message: /a fresh one/ });
    assert.equal(await best(model, fakeImage(3)), 3);
    assert.equal(workers.size, before + 1, 'another worker');
  }
});

for (const worker of [true, false]) {
  test(`after a trap ${worker ? 'in the worker' : 'in place'} that call fails, those behind it and the next work`, async (t) => {
    const { model } = await fakeModel(t, { worker });
    const calls = [fakeImage(1), Buffer.from('TRAP'), fakeImage(2)].map((image) => best(model, image));
    const [before, crash, behind] = await Promise.allSettled(calls);
    assert.deepEqual([before.value, behind.value], [1, 2]);
    assert.equal(crash.reason.code, 'CORE_CRASHED');
    assert.equal(await best(model, fakeImage(3)), 3);
  });
}

for (const worker of [true, false]) {
  test(`what onProgress throws ends that load and nothing else, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { ResNet50, weightsDir } = await fakeModel(t);
    for (const phase of ['core', 'manifest', 'weights', 'ready']) {
      const callbacks = {
        throws: (event) => {
          if (event.phase === phase) throw new Error(`no ${phase}, please`);
        },
        rejects: async (event) => {
          if (event.phase === phase) throw new Error(`no ${phase}, please`);
        },
      };
      for (const [how, onProgress] of Object.entries(callbacks)) {
        const load = ResNet50.load({ weightsDir, worker, onProgress });
        await assert.rejects(load, { message: `no ${phase}, please` }, `${phase}, ${how}`);
      }
    }
    const phases = [];
    const model = await ResNet50.load({ weightsDir, worker, onProgress: ({ phase }) => phases.push(phase) });
    t.after(() => model.dispose());
    assert.deepEqual([phases[0], phases.at(-1)], ['core', 'ready']);
    assert.equal(await best(model, fakeImage(3)), 3);
  });
}

test('a pipe that nobody writes to is waited for until the abort, and holds nothing up', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { model, weightsDir } = await fakeModel(t);
  const pipe = join(weightsDir, 'pipe');
  assert.equal((await run('mkfifo', [pipe])).status, 0);
  for (let i = 0; i < 5; i++) {
    await assert.rejects(model.classify(pipe, { signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' });
  }
  await writeFile(join(weightsDir, 'p.jpg'), fakeImage(2));
  assert.equal(await best(model, join(weightsDir, 'p.jpg')), 2);
  const waiting = model.classify(pipe);
  await Promise.all([assert.rejects(waiting, { code: 'DISPOSED' }), model.dispose()]);
});

test('an abort rejects with its own reason, and the model stays usable', async (t) => {
  const { model } = await fakeModel(t);
  const { url } = await serve(t, { '/never': () => undefined });
  const stop = new AbortController();
  const waiting = model.classify(`${url}/never`, { signal: stop.signal });
  const behind = best(model, fakeImage(2));
  setTimeout(() => stop.abort(new Error('changed my mind')), 30);
  await assert.rejects(waiting, /changed my mind/);
  assert.equal(await behind, 2);
  await assert.rejects(model.classify(fakeImage(1), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('dispose ends calls in progress; later ones say so; twice is fine', async (t) => {
  const { model } = await fakeModel(t);
  const { url } = await serve(t, { '/never': () => undefined });
  const waiting = model.classify([fakeImage(1), `${url}/never`]);
  const behind = model.classify(fakeImage(1));
  const ends = Promise.all([waiting, behind].map((call) => assert.rejects(call, { code: 'DISPOSED' })));
  await model.dispose();
  await model.dispose();
  await ends;
  await assert.rejects(model.classify(fakeImage(1)), { code: 'DISPOSED' });
});

test('memory does not grow from call to call', async (t) => {
  const { model } = await fakeModel(t);
  await model.classify(fakeImage(1));
  const { memoryBytes } = model.info();
  for (let i = 0; i < 50; i++)
    await model.classify(i % 3 === 0 ? fakeImage(i) : Buffer.from('junk'), { allow: [1] }).catch(() => undefined);
  await model.classify(fakeImage(1));
  assert.equal(model.info().memoryBytes, memoryBytes);
});

test('info tells flavour, threads and why; every flavour can be asked for', async (t) => {
  const { model, ResNet50, weightsDir, probeEngine } = await fakeModel(t, { threads: 1 });
  assert.equal(model.info().threads, 1);
  assert.equal(model.info().weights, 'IMAGENET1K_V2');
  assert.ok(model.info().why.length >= 2);
  assert.equal(model.weights.categories.length, 4);
  for (const flavour of FLAVOURS.filter((f) => f.startsWith('simd') || probeEngine().relaxedSimd)) {
    const other = await ResNet50.load({ weightsDir, flavour, threads: 2 });
    assert.deepEqual([other.info().flavour, other.info().threads], [flavour, flavour.endsWith('threads') ? 2 : 1]);
    await other.dispose();
  }
});

test('info tells which number of threads was fastest, once that is known; asked for by number, none is tried', async (t) => {
  const { model, ResNet50, weightsDir } = await fakeModel(t, { flavour: 'simd-threads', threads: 2 });
  const asked = await ResNet50.load({ weightsDir, flavour: 'simd-threads' });
  t.after(() => asked.dispose());
  const { threads, why } = asked.info();
  for (const each of [model, asked]) await each.classify([1, 2, 3, 4, 5].map(fakeImage));
  assert.equal(model.info().threads, 2);
  if (threads === 1) return t.skip('one processor');
  assert.equal(asked.info().threads, 1);
  assert.deepEqual(asked.info().why, [...why, `1 of ${threads} threads: fastest in the first pictures`]);
});

test('weights: names, folders, null; what is missing names the remedy', async (t) => {
  const { ResNet50, ResNet50_Weights, weightsDir } = await fakeModel(t);
  await writeVariant(weightsDir, 'flowers', { classes: 3 });
  const load = async (options) => {
    const model = await ResNet50.load(options);
    const { weights, classes, precision } = model.info();
    await model.dispose();
    return `${weights} ${classes} ${precision}`;
  };
  assert.equal(await load({ weightsDir, weights: ResNet50_Weights.DEFAULT }), 'IMAGENET1K_V2 4 int8');
  assert.equal(await load({ weightsDir, weights: 'ResNet50_Weights.IMAGENET1K_V2' }), 'IMAGENET1K_V2 4 int8');
  assert.equal(await load({ weightsDir, weights: 'flowers' }), 'flowers 3 int8');
  assert.equal(await load({ weights: join(weightsDir, 'flowers') }), 'flowers 3 int8');
  assert.equal(await load({ weights: join(weightsDir, 'flowers', 'manifest.json') }), 'flowers 3 int8');
  assert.equal(await load({ weights: pathToFileURL(join(weightsDir, 'flowers')) }), 'flowers 3 int8');
  assert.equal(await load({ weightsDir: join(weightsDir, 'flowers'), weights: 'flowers' }), 'flowers 3 int8');
  assert.equal(await load({ weights: null, classes: 7 }), 'null 7 f32');
  await assert.rejects(load({ weights: null, precision: 'int8' }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(load({ weightsDir, weights: 'IMAGENET1K_V1' }), {
    code: 'WEIGHTS_NOT_FOUND',
    message: /npx resnet50-wasm weights IMAGENET1K_V1/,
  });
  await assert.rejects(load({ weightsDir, weights: 'IMAGENET1K_V9' }), {
    code: 'UNKNOWN_WEIGHTS',
    message: /IMAGENET1K_V2/,
  });
  await assert.rejects(load({ weights: 'ResNet50_Weights.X' }), { code: 'UNKNOWN_WEIGHTS', message: /IMAGENET1K_V2/ });
  await assert.rejects(load({ weights: './nowhere' }), { code: 'WEIGHTS_NOT_FOUND', message: /nowhere/ });
  await assert.rejects(load({ weightsDir, precision: 'f32' }), {
    code: 'WEIGHTS_NOT_FOUND',
    message: /--precision both/,
  });
});

test('damaged shards on disk are refused by name', async (t) => {
  const { ResNet50, weightsDir } = await fakeModel(t);
  const shard = join(weightsDir, 'IMAGENET1K_V2', 'resnet50-int8-01.safetensors');
  const good = await readFile(shard);
  const bad = Buffer.from(good);
  bad[100] ^= 1;
  for (const content of [bad, good.subarray(1), Buffer.alloc(0)]) {
    await writeFile(shard, content);
    await assert.rejects(ResNet50.load({ weightsDir }), { code: 'WEIGHTS_HASH_MISMATCH', message: /int8-01/ });
  }
});

test('weights over HTTP: progress, resume, cache, offline, cache helpers', async (t) => {
  const { ResNet50, weightsCache } = await fakeModel(t);
  process.env.XDG_CACHE_HOME = await scratch(t);
  t.after(() => delete process.env.XDG_CACHE_HOME);
  const { manifest, files } = makeVariant('web', { shards: 6, bytes: 50_000 });
  const routes = { '/w/web/manifest.json': Buffer.from(JSON.stringify(manifest)) };
  for (const [name, bytes] of files) {
    routes[`/w/web/${name}`] = (req, res, n) =>
      n === 1 ? sendAndDrop(req, res, bytes, 20_000) : sendRange(req, res, bytes);
  }
  const { url, requests } = await serve(t, routes);
  const total = manifest.precisions.int8.shards.reduce((sum, s) => sum + s.bytes, 0);
  const events = [];
  const options = { weights: 'web', weightsUrl: `${url}/w`, onProgress: (event) => events.push(event) };
  await (await ResNet50.load(options)).dispose();
  assert.deepEqual([...new Set(events.map((e) => e.phase))], ['core', 'manifest', 'weights', 'ready']);
  assert.deepEqual(events.at(-1), { phase: 'ready', loaded: total, total, shard: '' });
  assert.deepEqual(
    events.map((e) => e.loaded),
    events.map((e) => e.loaded).sort((a, b) => a - b),
  );
  assert.equal((await weightsCache.list()).length, 6);

  requests.length = 0;
  await (await ResNet50.load(options)).dispose();
  assert.deepEqual(
    requests.map((r) => r.path),
    ['/w/web/manifest.json'],
    'the shards come from the cache',
  );

  routes['/w/web/manifest.json'] = (req) => req.socket.destroy();
  await (await ResNet50.load(options)).dispose(); // offline
  assert.equal(await weightsCache.delete(), true);
  assert.deepEqual(await weightsCache.list(), []);
  await assert.rejects(ResNet50.load(options), { code: 'FETCH_FAILED' });
});

test('an aborted load stops the download', async (t) => {
  const { ResNet50 } = await fakeModel(t);
  const { manifest } = makeVariant('web');
  const { url } = await serve(t, {
    '/web/manifest.json': Buffer.from(JSON.stringify(manifest)),
    '/web/resnet50-int8-00.safetensors': (_, res) => void res.writeHead(200).write('x'),
  });
  const stop = new AbortController();
  const loading = ResNet50.load({
    ...{ weights: 'web', weightsUrl: url, signal: stop.signal },
    onProgress: ({ phase }) => phase === 'weights' && stop.abort(),
  });
  await assert.rejects(loading, { name: 'AbortError' });
});

test('a process ends by itself when its work is done, and not before', async (t) => {
  const { folder, weightsDir } = await fakeModel(t);
  const script = join(weightsDir, 'script.mjs');
  const image = JSON.stringify(fakeImage(2).toString());
  const lines = [
    `import { ResNet50 } from ${JSON.stringify(pathToFileURL(join(folder, 'dist', 'index.node.js')).href)};`,
    `const model = await ResNet50.load({ weightsDir: ${JSON.stringify(weightsDir)} });`,
    `model.classify(Buffer.from(${image})).then(([best]) => console.log(best.index));`,
  ];
  await writeFile(script, lines.join('\n')); // nobody waits and nobody disposes
  const { status, stdout, ms } = await run(process.execPath, [script]);
  assert.deepEqual([status, stdout], [0, '2\n']);
  assert.ok(ms < 5000, `${ms} ms`);
});
