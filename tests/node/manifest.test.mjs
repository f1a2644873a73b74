// Manifests may come from anywhere: every field that is wrong is refused by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource, makeVariant } from './helpers.mjs';

const { parseManifest, formatManifest } = await importSource('weights/manifest.ts');
const good = () => makeVariant('flowers').manifest;
const parse = (manifest) => parseManifest(JSON.stringify(manifest), 'here/manifest.json');

test('a good manifest comes back as it was, and formats to the same bytes each time', () => {
  assert.deepEqual(parse(good()), good());
  assert.equal(formatManifest(parse(good())), formatManifest(good()));
});

const FACTS = {
  ...{ encoding: 'compact', rounding: 'compensated', ranges: 'squares' },
  ...{ equalized: true, biasCorrected: true, repeatsVectors: false, layers: { conv1: 31.5 } },
};
test('what quantization did is kept, and shards may be compressed', () => {
  const manifest = good();
  const measured = { images: 3, top1: 66.67, top5: 100 };
  manifest.quantization = { ...FACTS, measured: { int8: { ...measured, agreement: 100 }, f32: measured } };
  Object.assign(manifest.precisions.int8.shards[0], { encoding: 'gzip', decodedBytes: 9000 });
  assert.deepEqual(parse(manifest), manifest);
});

test('the activation is one that we know, or absent', () => {
  for (const activation of ['softmax', 'sigmoid', 'none']) {
    const manifest = { ...good(), activation };
    assert.deepEqual(parse(manifest), manifest);
  }
  assert.equal(parse(good()).activation, undefined);
});

test('a network may have no classifier', () => {
  assert.equal(parse({ ...good(), head: 'none' }).head, 'none');
});

const shard = (change) => (m) => Object.assign(m.precisions.int8.shards[1], change);
const CASES = [
  ['format', (m) => (m.format = 'other')],
  ['version', (m) => (m.version = 0)],
  ['version', (m) => (m.version = '1')],
  ['name', (m) => (m.name = '../up')],
  ['name', (m) => (m.name = '')],
  ['meta', (m) => (m.meta = [])],
  ['transforms.std', (m) => (m.transforms.std = [1, 1, 0])],
  ['transforms.cropSize', (m) => (m.transforms.cropSize = 31)],
  ['transforms.interpolation', (m) => (m.transforms.interpolation = 'lanczos')],
  ...['Softmax', '', null, 0].map((activation) => ['activation', (m) => (m.activation = activation)]),
  ['categories', (m) => (m.categories = [])],
  ['categories[2]', (m) => (m.categories[2] = { wnid: 'n1' })],
  ['parameters', (m) => (m.parameters = 1.5)],
  ['ranges.conv1', (m) => (m.ranges.conv1 = [2, 1])],
  ['ranges.conv1', (m) => (m.ranges.conv1 = [null, 1])],
  ['ranges.conv1', (m) => (m.ranges.conv1 = [0, 0])],
  ['precisions', (m) => (m.precisions = {})],
  ['precisions.int4', (m) => (m.precisions.int4 = { shards: [] })],
  ['precisions.int8.shards', (m) => (m.precisions.int8.shards = [])],
  ...['../a', '/etc/passwd', 'a/b', 'a\\b', 'https://x', 'c:x', '.hidden', '', 'a..b', '%2e%2e', 7].map((file) => [
    'precisions.int8.shards[1].file',
    shard({ file }),
  ]),
  ['precisions.int8.shards[1].file', shard({ file: 'resnet50-int8-00.safetensors' })],
  ...[0, -1, 2 ** 31, 1.5, '9', null].map((bytes) => ['precisions.int8.shards[1].bytes', shard({ bytes })]),
  ...['', 'A'.repeat(64), 'a'.repeat(63), null].map((sha256) => [
    'precisions.int8.shards[1].sha256',
    shard({ sha256 }),
  ]),
  ['precisions.int8.shards[1].encoding', shard({ encoding: 'br' })],
  ['precisions.int8.shards[1].decodedBytes', shard({ encoding: 'gzip' })],
  ['precisions.int8.shards[1].decodedBytes', shard({ decodedBytes: 100 })],
  ['precisions.int8.shards[1].decodedBytes', shard({ encoding: 'gzip', decodedBytes: 2 ** 31 })],
  ['quantization', (m) => (m.quantization = 7)],
  ['quantization.encoding', (m) => (m.quantization = { ...FACTS, encoding: 'int4' })],
  ['quantization.batchNormMatched', (m) => (m.quantization = { ...FACTS, batchNormMatched: false })],
  ['quantization.equalized', (m) => (m.quantization = { ...FACTS, equalized: 'yes' })],
  ['quantization.layers', (m) => (m.quantization = { ...FACTS, layers: { conv1: null } })],
  ['quantization.measured.f32', (m) => (m.quantization = { ...FACTS, measured: { int8: { images: 3 } } })],
  ['source', (m) => (m.source = {})],
  ['calibration', (m) => (m.calibration.kind = 'guessed')],
  ['converter', (m) => delete m.converter],
  ['head', (m) => (m.head = 'linear')],
  ['head', (m) => (m.head = null)],
];
for (const [field, spoil] of CASES) {
  test(`${field} spoiled by ${spoil}`, () => {
    const manifest = good();
    spoil(manifest);
    assert.throws(() => parse(manifest), { code: 'MANIFEST_FORMAT', subject: field, message: /here\/manifest\.json/ });
  });
}

test('a manifest of a later version says to update, before anything else is judged', () => {
  const manifest = { format: 'resnet50-wasm', version: 2 };
  assert.throws(() => parse(manifest), { code: 'MANIFEST_TOO_NEW', message: /update resnet50-wasm/ });
});

test('what is no JSON, no object, or a web page is said so', () => {
  assert.throws(() => parseManifest('{', 'm'), { code: 'MANIFEST_FORMAT', message: /not valid JSON/ });
  assert.throws(() => parseManifest('[]', 'm'), { code: 'MANIFEST_FORMAT', message: /JSON object/ });
  assert.throws(() => parseManifest('<!DOCTYPE html>', 'm'), { code: 'MANIFEST_FORMAT', message: /HTML page/ });
});

/** A reproducible source of whole numbers below `n` (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const STRANGE = [null, true, -1, 0, 1.5, 1e308, '', 'x', '../x', '\u0000', [], [[]], {}, 'a'.repeat(300), 2 ** 53];

/** Changes the value at a random place of a JSON tree, or removes or adds one. */
function mutateTree(value, random) {
  let at = value;
  for (;;) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = keys[random(keys.length)];
    const inner = at[key];
    if (typeof inner === 'object' && inner !== null && random(3) > 0) {
      at = inner;
      continue;
    }
    const action = random(4);
    if (action === 0) delete at[key];
    else if (action === 1)
      Object.defineProperty(at, '__proto__', { value: inner, enumerable: true, configurable: true, writable: true });
    else at[key] = STRANGE[random(STRANGE.length)];
    return;
  }
}

/** Changes, removes or doubles a few characters of a text. */
function mutateText(text, random) {
  let changed = text;
  for (let i = random(4); i >= 0; i--) {
    const at = random(changed.length);
    const inserted = ['', '"', '}', ',', '0', '\\', '-', 'e9', String.fromCharCode(random(65536))][random(9)];
    changed = changed.slice(0, at) + inserted + changed.slice(at + random(3));
  }
  return changed;
}

test('5000 mutations: a manifest that holds what it promises, or a typed refusal', () => {
  const random = randomFrom(5);
  const counts = { taken: 0, refused: 0 };
  for (let round = 0; round < 5000; round++) {
    const tree = good();
    for (let i = random(3); i >= 0; i--) mutateTree(tree, random);
    const text = random(2) === 0 ? JSON.stringify(tree) : mutateText(JSON.stringify(good()), random);
    try {
      const { precisions, categories, name } = parseManifest(text, 'here/manifest.json');
      counts.taken++;
      assert.ok(!name.includes('/') && categories.length >= 1);
      for (const { shards } of Object.values(precisions)) {
        for (const { file, bytes, sha256 } of shards) {
          assert.equal(new URL(file, 'https://here/w/').href, `https://here/w/${file}`, text);
          assert.ok(Number.isSafeInteger(bytes) && /^[0-9a-f]{64}$/.test(sha256), text);
        }
      }
    } catch (error) {
      if (error.name !== 'ResNet50Error') throw error;
      assert.match(error.code, /^MANIFEST_/);
      counts.refused++;
    }
  }
  assert.ok(counts.taken > 100 && counts.refused > 1000, JSON.stringify(counts));
});

test('fields that we do not know are left out: none gets into results or over what the package says itself', () => {
  const manifest = good();
  manifest.categories[0] = { ...manifest.categories[0], index: 7, score: 1, ['__proto__']: { label: 'x' } };
  Object.assign(manifest, { classify: 'x', nested: 'NESTED' });
  manifest.transforms.extra = 1;
  manifest.source.path = '/etc';
  const nested = `${'['.repeat(20000)}${']'.repeat(20000)}`;
  const parsed = parseManifest(JSON.stringify(manifest).replace('"NESTED"', nested), 'm');
  assert.deepEqual(parsed, parse(good()));
  assert.deepEqual(Object.keys(parsed.categories[0]).sort(), Object.keys(good().categories[0]).sort());
});

test('meta is free, but not nested without end', () => {
  const nested = (depth) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  assert.deepEqual(parse({ ...good(), meta: nested(32) }).meta, nested(32));
  assert.throws(() => parse({ ...good(), meta: nested(33) }), { code: 'MANIFEST_FORMAT', subject: 'meta' });
  const text = JSON.stringify(good()).replace(
    /"meta":\{[^}]*\}/,
    `"meta":${'{"a":'.repeat(30000)}1${'}'.repeat(30000)}`,
  );
  assert.throws(() => parseManifest(text, 'm'), { code: 'MANIFEST_FORMAT' });
});
