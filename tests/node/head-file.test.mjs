// Head files from anywhere: every part of them broken once. Needs no core.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { parseHead, formatHead } = await importSource('training/head-file.ts');
const { readHead } = await importSource('training/heads.ts');

const transforms = {
  ...{ resizeSize: 256, cropSize: 224, interpolation: 'bilinear', antialias: true },
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};
const origin = { classes: ['cat', 'Hündin'], weights: 'IMAGENET1K_V2', precision: 'int8', transforms };
const linear = {
  ...{ method: 'head', ...origin },
  weight: Float32Array.from({ length: 4096 }, (_, i) => i / 7),
  bias: Float32Array.of(1, -2),
};
const nearest = {
  ...{ method: 'knn', ...origin, k: 2 },
  embeddings: Float32Array.from({ length: 3 * 2048 }, (_, i) => i),
  labels: Int32Array.of(0, 1, 1),
};

/** A file whose header was changed. */
function changed(head, change) {
  const bytes = formatHead(head);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  change(header);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + bytes.length - 8 - length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(bytes.subarray(8 + length), 8 + text.length);
  return file;
}

test('what was written is read again, to the bit', () => {
  for (const head of [linear, nearest]) assert.deepEqual(parseHead(formatHead(head), 'x'), head);
  const shifted = new Uint8Array(formatHead(linear).length + 3);
  shifted.set(formatHead(linear), 3);
  assert.deepEqual(parseHead(shifted.subarray(3), 'x'), linear);
});

test('a linear head may say what makes scores of its logits', async () => {
  for (const activation of ['softmax', 'sigmoid', 'none']) {
    const marked = { ...linear, activation };
    assert.deepEqual(parseHead(formatHead(marked), 'x'), marked);
    assert.deepEqual(await readHead(marked, {}), marked);
  }
  assert.equal((await readHead(linear, {})).activation, undefined);
  const refused = { code: 'INVALID_ARGUMENT', subject: 'head.activation' };
  await assert.rejects(readHead({ ...linear, activation: 'relu' }, {}), refused);
});

const cases = [
  ['no header', linear, (h) => delete h.__metadata__, 'WEIGHTS_FORMAT', /has no format/],
  ['another file', linear, (h) => (h.__metadata__.format = 'pt'), 'WEIGHTS_FORMAT', /has no format/],
  ['a later version', linear, (h) => (h.__metadata__.version = '2'), 'WEIGHTS_MISMATCH', /version 2.*update/],
  ['an unknown method', linear, (h) => (h.__metadata__.method = 'svm'), 'WEIGHTS_FORMAT', /unknown method 'svm'/],
  ['an unknown activation', linear, (h) => (h.__metadata__.activation = 'relu'), 'WEIGHTS_FORMAT', /activation 'relu'/],
  ['classes that are no list', linear, (h) => (h.__metadata__.classes = '{}'), 'WEIGHTS_FORMAT', /names no classes/],
  ['classes that are no JSON', linear, (h) => (h.__metadata__.classes = 'cat'), 'WEIGHTS_FORMAT', /not JSON/],
  ['an empty name', linear, (h) => (h.__metadata__.classes = '["a",""]'), 'WEIGHTS_FORMAT', /names no classes/],
  ['one name of two classes', linear, (h) => (h.__metadata__.classes = '["a","a"]'), 'WEIGHTS_FORMAT', /one name/],
  ['too few names', linear, (h) => (h.__metadata__.classes = '["a"]'), 'WEIGHTS_FORMAT', /names 1 classes.* of 2/],
  ['no transforms', linear, (h) => (h.__metadata__.transforms = 'null'), 'WEIGHTS_FORMAT', /transforms/],
  ['bad transforms', linear, (h) => (h.__metadata__.transforms = '{"resizeSize":0}'), 'WEIGHTS_FORMAT', /resizeSize/],
  ['no weights', linear, (h) => delete h['fc.weight'], 'WEIGHTS_FORMAT', /no tensor fc.weight/],
  ['halves', linear, (h) => (h['fc.weight'].dtype = 'F16'), 'WEIGHTS_FORMAT', /type "F16"/],
  ['another width', linear, (h) => (h['fc.weight'].shape = [2, 512]), 'WEIGHTS_MISMATCH', /512 features.*2048/],
  ['a shape that is none', linear, (h) => (h['fc.weight'].shape = 7), 'WEIGHTS_FORMAT', /misshaped/],
  ['no classes', linear, (h) => (h['fc.bias'].shape = [0]), 'WEIGHTS_FORMAT', /misshaped/],
  ['fractions of a class', linear, (h) => (h['fc.bias'].shape = [1.5]), 'WEIGHTS_FORMAT', /misshaped/],
  [
    'another number of biases',
    linear,
    (h) => Object.assign(h['fc.bias'], { shape: [1], data_offsets: [0, 4] }),
    'WEIGHTS_FORMAT',
    /biases of 1/,
  ],
  ['data beyond the end', linear, (h) => (h['fc.bias'].data_offsets = [16384, 16400]), 'WEIGHTS_FORMAT', /ends before/],
  ['data before the beginning', linear, (h) => (h['fc.bias'].data_offsets = [-8, 0]), 'WEIGHTS_FORMAT', /ends before/],
  ['no offsets', linear, (h) => delete h['fc.bias'].data_offsets, 'WEIGHTS_FORMAT', /ends before/],
  ['too many voters', nearest, (h) => (h.__metadata__.k = '4'), 'WEIGHTS_FORMAT', /4 examples vote/],
  ['no labels', nearest, (h) => delete h['knn.labels'], 'WEIGHTS_FORMAT', /knn.labels/],
  [
    'fewer labels',
    nearest,
    (h) => Object.assign(h['knn.labels'], { shape: [2], data_offsets: [0, 8] }),
    'WEIGHTS_FORMAT',
    /a label for each/,
  ],
];
for (const [what, head, change, code, says] of cases) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => parseHead(changed(head, change), 'own.safetensors'),
      (error) => {
        assert.deepEqual([error.name, error.code, error.subject], ['ResNet50Error', code, 'own.safetensors']);
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

test('refuses numbers that no training makes, in files and in heads that a program put together', async () => {
  const spoiled = (head, field, value) => ({ ...head, [field]: head[field].map((x, i) => (i === 1 ? value : x)) });
  for (const value of [3e38, -3e38, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const head of [
      spoiled(linear, 'weight', value),
      spoiled(linear, 'bias', value),
      spoiled(nearest, 'embeddings', value),
    ]) {
      assert.throws(() => parseHead(formatHead(head), 'x'), {
        code: 'WEIGHTS_FORMAT',
        message: /numbers beyond 1e\+30/,
      });
      await assert.rejects(readHead(head, {}), { code: 'INVALID_ARGUMENT', message: /at most 1e30/ });
    }
  }
  for (const classes of [
    ['cat', 'cat'],
    ['', 'cat'],
  ])
    await assert.rejects(readHead({ ...linear, classes }, {}), {
      code: 'INVALID_ARGUMENT',
      message: /names that differ/,
    });
});

test('refuses files that end anywhere', () => {
  const bytes = formatHead(linear);
  for (const length of [0, 1, 7, 8, 9, 100, 300, bytes.length - 1]) {
    assert.throws(() => parseHead(bytes.subarray(0, length), 'x'), { name: 'ResNet50Error', code: 'WEIGHTS_FORMAT' });
  }
  const huge = new Uint8Array(16).fill(255);
  assert.throws(() => parseHead(huge, 'x'), { code: 'WEIGHTS_FORMAT' });
});
