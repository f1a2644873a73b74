// What people hand over, of whatever realm and library, is taken by what it is; what cannot be taken is refused by name.
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { best, fakeImage, fakeModel, run, scratch, serve } from './helpers.mjs';

/** What a test runner's realm makes: nothing of it is an instance of this realm's classes. */
const other = createContext({});
const inOther = (code, value) => {
  other.value = value;
  return runInContext(code, other);
};

/** A class as libraries write them: its objects have the tag and the methods, and no more. */
const tagged = (tag, fields) => Object.assign(Object.create({ [Symbol.toStringTag]: tag }), fields);

for (const worker of [true, false]) {
  test(`inputs of other realms and libraries, ${worker ? 'in a worker' : 'in place'}`, async (t) => {
    const { model } = await fakeModel(t, { worker });
    const bytes = fakeImage(2);
    const copy = () => new Uint8Array(bytes).buffer;
    const { url } = await serve(t, { '/p.jpg': bytes });
    const theirs = inOther('Uint8Array.from(value)', [...bytes]);
    const inputs = {
      'Uint8Array of another realm': theirs,
      'ArrayBuffer of another realm': theirs.buffer,
      'SharedArrayBuffer of another realm': inOther(
        '(() => { const s = new SharedArrayBuffer(value.length); new Uint8Array(s).set(value); return s; })()',
        [...bytes],
      ),
      'pixels of another realm': inOther('({ data: new Uint8ClampedArray(12).fill(2), width: 2, height: 2 })'),
      'String object of another realm': inOther('new String(value)', `${url}/p.jpg`),
      'URL of another library': tagged('URL', { href: `${url}/p.jpg`, toString: () => `${url}/p.jpg` }),
      'Blob of another library': tagged('Blob', { size: bytes.length, arrayBuffer: async () => copy() }),
      'File of another library': tagged('File', { size: bytes.length, name: 'x.jpg', arrayBuffer: async () => copy() }),
      'Blob without a tag': { size: bytes.length, type: '', arrayBuffer: async () => copy() },
      'Response of another library': tagged('Response', {
        ...{ ok: true, status: 200, url: '', bodyUsed: false },
        body: new Blob([bytes]).stream(),
      }),
      'Response with a stream of Node.js': tagged('Response', { ok: true, body: Readable.from([bytes]) }),
      'Response without a body that is a stream': tagged('Response', {
        ok: true,
        body: null,
        arrayBuffer: async () => copy(),
      }),
      'stream of Node.js': Readable.from([bytes.subarray(0, 4), bytes.subarray(4)]),
      'chunks of another realm': Readable.from([inOther('Uint8Array.from(value)', [...bytes])]),
      'asynchronous iterable': (async function* () {
        yield bytes;
      })(),
    };
    for (const [kind, input] of Object.entries(inputs)) assert.equal(await best(model, input), 2, kind);
    assert.equal((await model.classify(inOther('[value]', bytes), { topK: 1 }))[0][0].index, 2, 'a list');
    const options = inOther(
      '({ topK: 1, allow: [1], background: [0, 0, 0], transforms: { mean: [0.485, 0.456, 0.406] } })',
    );
    assert.equal(await best(model, bytes, options), 1, 'options');
  });
}

test("a Blob that only FileReader reads, as jsdom's are", async (t) => {
  const { model } = await fakeModel(t);
  const bytes = fakeImage(3);
  const blob = tagged('File', { size: bytes.length, name: 'x.jpg' });
  await assert.rejects(model.classify(blob), {
    code: 'UNSUPPORTED_INPUT',
    message: /x\.jpg cannot be read: it has no arrayBuffer/,
  });
  globalThis.FileReader = class {
    readAsArrayBuffer() {
      this.result = new Uint8Array(bytes).buffer;
      setTimeout(() => this.onload());
    }
  };
  t.after(() => delete globalThis.FileReader);
  assert.equal(await best(model, blob), 3);
  const image = tagged('HTMLImageElement', { naturalWidth: 0, naturalHeight: 0, src: 'none.jpg' });
  await assert.rejects(model.classify(image), { code: 'FILE_NOT_FOUND', message: /none\.jpg/ });
});

test('a canvas that a package for Node.js draws; elements without pixels are refused by name', async (t) => {
  const { model } = await fakeModel(t);
  const context = {
    getImageData: (_x, _y, width, height) => ({
      data: new Uint8ClampedArray(4 * width * height).fill(1),
      width,
      height,
    }),
  };
  assert.equal(await best(model, tagged('HTMLCanvasElement', { width: 2, height: 2, getContext: () => context })), 1);
  for (const element of [
    tagged('HTMLCanvasElement', { width: 2, height: 2, getContext: () => null }),
    tagged('HTMLVideoElement', { videoWidth: 2, videoHeight: 2 }),
    tagged('HTMLImageElement', { naturalWidth: 2, naturalHeight: 2, src: '', currentSrc: '' }),
  ]) {
    await assert.rejects(model.classify(element), { name: 'ResNet50Error', code: 'UNSUPPORTED_INPUT' });
  }
});

test('what the package gave out is taken back', async (t) => {
  const { model, ResNet50, ResNet50_Weights, weightsDir } = await fakeModel(t);
  for (const layout of ['nchw', 'nhwc']) {
    const seen = await model.preprocess(fakeImage(2), { layout });
    const logits = await model.logits(fakeImage(2));
    const of = async (input) => Array.from(await model.logits(input), (v) => v.toFixed(3));
    const own = await of(seen);
    const theirs = { ...seen, tensor: inOther('Float32Array.from(value)', seen.tensor) };
    assert.deepEqual(await of(theirs), own, layout);
    assert.equal(own.length, logits.length);
    assert.equal((await model.embed(theirs)).length, (await model.embed(fakeImage(2))).length);
  }
  const list = await model.preprocess([fakeImage(1), fakeImage(3)]);
  assert.equal((await model.logits(list)).length, 2);
  assert.equal((await model.embed(list)).length, 2);
  const [nchw, nhwc] = await Promise.all(
    ['nchw', 'nhwc'].map((layout) =>
      model.preprocess(
        { data: Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => i), width: 64, height: 64 },
        { layout },
      ),
    ),
  );
  assert.deepEqual(await model.logits(nhwc), await model.logits(nchw));
  await assert.rejects(model.logits([{ tensor: new Float32Array(96), shape: [2, 3, 4, 4] }]), {
    code: 'INVALID_ARGUMENT',
    message: /image 0 must be one picture/,
  });
  await assert.rejects(model.classify(list[0]), { code: 'UNSUPPORTED_INPUT', message: /tensor.*logits/ });
  for (const weights of [{ name: 'IMAGENET1K_V2' }, model.weights, inOther('({ ...value })', { name: 'DEFAULT' })]) {
    const again = await ResNet50.load({ weights, weightsDir });
    assert.equal(again.info().weights, 'IMAGENET1K_V2');
    await again.dispose();
  }
  assert.ok(ResNet50_Weights.DEFAULT);
});

test('signals of other libraries abort, and twenty calls with one signal or none draw no warning', async (t) => {
  const warnings = [];
  const onWarning = (warning) => warnings.push(warning.name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const { model, ResNet50, weightsDir } = await fakeModel(t);
  const listeners = new Set();
  const signal = tagged('AbortSignal', {
    aborted: false,
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  });
  const native = new AbortController();
  const calls = (options) => Promise.all(Array.from({ length: 20 }, () => model.classify(fakeImage(1), options)));
  for (const options of [{}, { signal }, { signal: native.signal }]) assert.equal((await calls(options)).length, 20);
  assert.ok(listeners.size <= 1, `${listeners.size} listeners on one signal`);
  const models = await Promise.all(
    Array.from({ length: 12 }, () => ResNet50.load({ weightsDir, worker: false, signal: native.signal })),
  );
  await Promise.all(models.map((each) => each.dispose()));
  const waiting = model.classify(
    (async function* () {
      await new Promise((resolve) => setTimeout(resolve, 3000));
    })(),
    { signal },
  );
  Object.assign(signal, { aborted: true, reason: new Error('enough') });
  for (const listener of listeners) listener();
  await assert.rejects(waiting, { message: 'enough' });
  await assert.rejects(model.classify(fakeImage(1), { signal }), { message: 'enough' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(warnings, []);
  assert.equal(await best(model, fakeImage(1)), 1);
});

test('aborting before the worker says hello rejects at once and leaves no worker', async (t) => {
  const { ResNet50, folder, weightsDir } = await fakeModel(t);
  await writeFile(join(folder, 'dist', 'worker.node.mjs'), 'setInterval(() => undefined, 1000);'); // never says it
  const controller = new AbortController();
  const loading = ResNet50.load({ weightsDir, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 50);
  const begun = performance.now();
  await assert.rejects(loading, { message: 'enough' });
  assert.ok(performance.now() - begun < 2000);
});

test('tensors with numbers that are not finite are refused, and std must be over 0 in float32', async (t) => {
  const { model } = await fakeModel(t);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const tensor = new Float32Array(3072).fill(0.5);
    tensor[100] = odd;
    const refused = { code: 'INVALID_ARGUMENT', message: /a number that is not finite/ };
    for (const job of ['logits', 'embed'])
      await assert.rejects(model[job]({ tensor, shape: [3, 32, 32] }), refused, job);
  }
  for (const transforms of [{ std: [1e-300, 1, 1] }, { mean: [0, 1e300, 0] }, { std: [1, 1, 1e-40] }])
    await assert.rejects(model.classify(fakeImage(1), { transforms }), {
      code: 'INVALID_ARGUMENT',
      message: /numbers/,
    });
  assert.equal(await best(model, fakeImage(2)), 2);
});

test('an input that never comes does not hold up the calls behind it once it is aborted', async (t) => {
  const { model } = await fakeModel(t);
  async function* silence() {
    yield new Uint8Array(3);
    await new Promise(() => undefined);
  }
  const never = { size: 9, type: '', arrayBuffer: () => new Promise(() => undefined), slice() {}, stream() {} };
  for (const input of [silence(), Object.assign(never, { [Symbol.toStringTag]: 'Blob' })]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 50);
    const { signal } = controller;
    const calls = [model.classify(input, { signal }), model.classify([fakeImage(1), input], { signal })];
    const next = model.classify(fakeImage(2));
    await Promise.all(calls.map((call) => assert.rejects(call, { message: 'enough' })));
    assert.equal((await next)[0].index, 2);
  }
});

test('the memory of another library’s Blob stays its own; streams of any view are bytes', async (t) => {
  const { model } = await fakeModel(t);
  const { buffer } = new Uint8Array(fakeImage(2));
  const foreign = { size: buffer.byteLength, type: '', arrayBuffer: async () => buffer, slice() {}, stream() {} };
  Object.assign(foreign, { [Symbol.toStringTag]: 'Blob' });
  assert.equal(await best(model, foreign), 2);
  assert.equal(await best(model, foreign), 2);
  async function* views() {
    yield new DataView(buffer, 0, 4);
    yield new Uint8Array(buffer, 4);
  }
  assert.equal(await best(model, views()), 2);
});

test('a Blob of another library whose bytes are more than its size says', async (t) => {
  const { model } = await fakeModel(t, { maxBytes: 100 });
  const blob = { size: 10, arrayBuffer: async () => new Uint8Array(101).buffer };
  await assert.rejects(model.classify(blob), { code: 'IMAGE_TOO_LARGE', message: /more than 100 bytes/ });
});

test('a path with a NUL is a file that cannot be; a mean that overflows is refused', async (t) => {
  const { model } = await fakeModel(t);
  await assert.rejects(model.classify('/tmp/a\0b.jpg'), {
    name: 'ResNet50Error',
    code: 'FILE_NOT_FOUND',
    message: /NUL/,
  });
  const transforms = { mean: [3e38, 0, 0], std: [1e-3, 1, 1] };
  await assert.rejects(model.classify(fakeImage(1), { transforms }), { code: 'INVALID_ARGUMENT', message: /float32/ });
});

test('inputs that are gone, used up or odd are refused by a typed error that is short', async (t) => {
  const { model, weightsDir } = await fakeModel(t);
  const bytes = fakeImage(2);
  const detached = new Uint8Array(bytes);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const response = new Response(bytes);
  assert.equal(await best(model, response), 2);
  const locked = new Blob([bytes]).stream();
  locked.getReader();
  const base64 = '/9j/'.padEnd(268_262, 'A');
  const refused = { name: 'ResNet50Error', code: 'UNSUPPORTED_INPUT' };
  for (const [input, message] of [
    [detached, /the image: its bytes are gone/],
    [detached.buffer, /its bytes are gone/],
    [response, /the image was read before/],
    [locked, /the image was read before/],
    [Readable.from(['text']), /is a stream of strings, not of bytes/],
    [base64, /text of 268262 characters.*base64/],
    ['', /is an empty text/],
    ['http://', /http:\/\/ is no address/],
    ['file://host/x.jpg', /is no address/],
    ['file:///tmp/a%2Fb.jpg', /is no address/],
    [Promise.resolve(bytes), /is a Promise/],
    [() => bytes, /of type function/],
    [Symbol('x'), /of type symbol/],
    [new Request('http://127.0.0.1/'), /is a Request/],
    [tagged('Blob', { size: 4, arrayBuffer: () => Promise.reject(new Error('changed on disk')) }), /changed on disk/],
  ]) {
    const error = await model.classify(input).then(assert.fail, (e) => e);
    assert.deepEqual({ name: error.name, code: error.code }, refused, `${error.message}`);
    assert.match(error.message, message);
    assert.ok(error.message.length < 400, `${error.message.length} characters`);
  }
  const long = join(weightsDir, 'x'.repeat(3000));
  for (const input of [
    long,
    `data:image/png;base64,${'!'.repeat(300_000)}`,
    `http://127.0.0.1:9/${'x'.repeat(50_000)}`,
  ]) {
    const error = await model.classify(input).then(assert.fail, (e) => e);
    assert.equal(error.name, 'ResNet50Error');
    assert.ok(error.message.length <= 1010 && error.subject.length <= 210, `${error.message.length} characters`);
  }
  assert.equal(await best(model, bytes), 2);
});

test('errors name the picture: its path, the name of its File, its place in the list', async (t) => {
  const { model, weightsDir } = await fakeModel(t);
  const text = join(weightsDir, 'notes.txt');
  await writeFile(text, 'just text');
  const { url } = await serve(t, { '/no.jpg': Buffer.from('no') });
  for (const [input, message] of [
    [text, /notes\.txt: .*no image/],
    [new File(['no'], 'holiday.jpg'), /^holiday\.jpg: /],
    [Buffer.from('no'), /^the image: /],
    [`${url}/no.jpg`, /\/no\.jpg: /],
    ['data:,no', /^the data: address: /],
    [[fakeImage(1), new File(['no'], 'holiday.jpg')], /^image 1: holiday\.jpg: /],
    [[fakeImage(1), join(weightsDir, 'none.jpg')], /^image 1: .*none\.jpg: there is no such file/],
    [[fakeImage(1), null], /^image 1 is null/],
    // biome-ignore lint/suspicious/noSparseArray: what the test is about
    [[fakeImage(1), , fakeImage(1)], /^image 1 is of type undefined/],
  ]) {
    const error = await model.classify(input).then(assert.fail, (e) => e);
    assert.equal(error.name, 'ResNet50Error');
    assert.match(error.message, message);
  }
  const settled = await model.classify([fakeImage(1), fakeImage(1)]);
  assert.equal(settled.length, 2);
});

test('settled: a result or an error for each picture', async (t) => {
  const { model, ResNet50 } = await fakeModel(t);
  // biome-ignore lint/suspicious/noSparseArray: a hole is a bad picture like any other
  const images = [fakeImage(2), Buffer.from('no'), , 'none.jpg', Buffer.from('TRAP'), fakeImage(3)];
  const expected = ['fulfilled', 'NOT_AN_IMAGE', 'UNSUPPORTED_INPUT', 'FILE_NOT_FOUND', 'CORE_CRASHED', 'fulfilled'];
  const { settled } = { settled: true };
  const all = {
    classify: await model.classify(images, { settled }),
    logits: await model.logits(images, { settled }),
    embed: await model.embed(images, { settled }),
    features: await model.features(images, ['layer4'], { settled }),
    preprocess: await model.preprocess(images, { settled }),
    explain: await model.explain(images, { settled }),
  };
  for (const [method, results] of Object.entries(all)) {
    assert.deepEqual(
      results.map(({ status, reason }) => reason?.code ?? status),
      expected,
      method,
    );
    for (const { status, reason } of results) assert.equal(status, reason ? 'rejected' : 'fulfilled');
    assert.match(results[1].reason.message, /^image 1/);
  }
  assert.equal(all.classify[5].value[0].index, 3);
  assert.equal(all.logits[0].value[2], 5);
  assert.ok(all.embed[0].value instanceof Float32Array);
  assert.ok(all.features[0].value.layer4.data);
  assert.ok(all.explain[0].value.grid);
  assert.deepEqual(await model.classify([], { settled }), []);
  await assert.rejects(model.classify(fakeImage(1), { settled }), { code: 'INVALID_ARGUMENT', subject: 'settled' });
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(model.classify(images, { settled, signal }), { message: 'enough' });
  const short = await ResNet50.load({ weights: null, classes: 4 });
  const pending = assert.rejects(short.classify([fakeImage(1), fakeImage(1)], { settled }), { code: 'DISPOSED' });
  await short.dispose();
  await pending;
});

test('options that do not exist are refused with the nearest name; wrong kinds by theirs', async (t) => {
  const { model, ResNet50, weightsDir } = await fakeModel(t);
  const image = fakeImage(1);
  const embedding = new Float32Array(2048);
  const examples = ['a', 'b'].map((label) => ({ label, embedding }));
  for (const [call, wrong, right] of [
    [(o) => model.classify(image, o), 'topk', 'topK'],
    [(o) => model.classify(image, o), 'top_k', 'topK'],
    [(o) => model.classify(image, o), 'treshold', 'threshold'],
    [(o) => model.classify([image], o), 'setled', 'settled'],
    [(o) => model.logits(image, o), 'orientaton', 'orientation'],
    [(o) => model.embed(image, o), 'Signal', 'signal'],
    [(o) => model.embed({ tensor: new Float32Array(3072), shape: [3, 32, 32] }, o), 'backgroud', 'background'],
    [(o) => model.features(image, 'layer4', o), 'rotated', 'rotate'],
    [(o) => model.explain(image, o), 'maxsize', 'maxSide'],
    [(o) => model.preprocess(image, o), 'layuot', 'layout'],
    [(o) => model.fit(examples, o), 'epoch', 'epochs'],
    [(o) => model.fit(examples, o), 'holdout', 'holdOut'],
    [(o) => ResNet50.load({ weightsDir, ...o }), 'flavor', 'flavour'],
    [(o) => ResNet50.load({ weightsDir, ...o }), 'weightsURL', 'weightsUrl'],
    [(o) => ResNet50.load({ weightsDir, ...o }), 'thread', 'threads'],
  ]) {
    const refused = {
      code: 'INVALID_ARGUMENT',
      subject: wrong,
      message: `${wrong} is no option of this call: did you mean ${right}?`,
    };
    await assert.rejects(call({ [wrong]: 1 }), refused, wrong);
  }
  const farFetched = { code: 'INVALID_ARGUMENT', message: 'transforms is no option of this call' };
  await assert.rejects(model.fit(examples, { transforms: {} }), farFetched);
  for (const options of [null, 5, 'IMAGENET1K_V2', []]) {
    const refused = { code: 'INVALID_ARGUMENT', subject: 'options' };
    for (const method of ['classify', 'logits', 'embed', 'preprocess', 'explain']) {
      await assert.rejects(model[method](image, options), refused, `${method} ${options}`);
    }
    await assert.rejects(model.fit(examples, options), refused);
    await assert.rejects(ResNet50.load(options), refused);
    await assert.rejects(model.parameter('fc.bias', options), refused);
  }
  const odd = {
    ...{ signal: [null, {}, 5, new AbortController()], wasmModule: [null, {}, new ArrayBuffer(8), 'x'] },
    ...{ weightsUrl: [5, {}, null], wasmUrl: [5, {}], workerUrl: [{}, true], worker: ['no', 0, null] },
  };
  for (const [option, values] of Object.entries(odd)) {
    for (const value of values) {
      const refused = { name: 'ResNet50Error', code: 'INVALID_ARGUMENT', subject: option };
      await assert.rejects(ResNet50.load({ weightsDir, [option]: value }), refused, option);
      if (option !== 'signal') continue;
      await assert.rejects(model.classify(image, { signal: value }), refused);
      await assert.rejects(model.fit(examples, { signal: value }), refused);
      await assert.rejects(model.parameter('fc.bias', { signal: value }), refused);
    }
  }
  // What cannot be cloned does not reach the worker as it is.
  const proxy = (value) => new Proxy(value, {});
  const options = {
    transforms: proxy({ mean: [0.485, 0.456, 0.406] }),
    background: proxy([0, 0, 0]),
    allow: proxy([1]),
  };
  assert.equal(await best(model, image, options), 1);
  await assert.rejects(model.features(image, proxy(['layer4']), { region: { left: 1n } }), { subject: 'region' });
});

test('file names with colons are paths; addresses stay addresses', async (t) => {
  const { folder, weightsDir } = await fakeModel(t);
  const here = await scratch(t);
  const names = [
    'a:b.jpg',
    'IMG:1.jpg',
    'photo-2024-05-01T10:20:30.jpg',
    'data:1.jpg',
    'blob:2.jpg',
    'file:3.jpg',
    'http:4.jpg',
    'c:5.jpg',
  ];
  for (const name of names) await writeFile(join(here, name), fakeImage(2));
  const script = `import { ResNet50 } from ${JSON.stringify(join(folder, 'dist', 'index.node.js'))};
    const model = await ResNet50.load({ weightsDir: ${JSON.stringify(weightsDir)} });
    for (const name of ${JSON.stringify(names)}) console.log(name, (await model.classify(name))[0].index);
    for (const name of ['x:y.jpg', 's3://bucket/x.jpg', 'ftp://127.0.0.1/x.jpg', 'data:no comma']) await model.classify(name).then(
      () => console.log('taken', name), (e) => console.log(name, e.name, e.code));
    await model.dispose();`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: here });
  assert.equal(stderr, '');
  assert.deepEqual(stdout.trim().split('\n'), [
    ...names.map((name) => `${name} 2`),
    'x:y.jpg ResNet50Error FILE_NOT_FOUND',
    's3://bucket/x.jpg ResNet50Error FETCH_FAILED',
    'ftp://127.0.0.1/x.jpg ResNet50Error FETCH_FAILED',
    'data:no comma ResNet50Error UNSUPPORTED_INPUT',
  ]);
});

test('a file that is read while it is a stream: fs.createReadStream', async (t) => {
  const { model, weightsDir } = await fakeModel(t, { maxBytes: 1000 });
  await mkdir(join(weightsDir, 'photos'));
  const path = join(weightsDir, 'photos', 'p.jpg');
  await writeFile(path, fakeImage(3));
  assert.equal(await best(model, createReadStream(path)), 3);
  await assert.rejects(model.classify(createReadStream(join(weightsDir, 'none.jpg'))), { name: 'ResNet50Error' });
  await writeFile(path, Buffer.alloc(200_000));
  await assert.rejects(model.classify(createReadStream(path)), { code: 'IMAGE_TOO_LARGE' });
});
