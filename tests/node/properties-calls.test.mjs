// Properties of options and inputs: whatever a caller gives, a call ends in a result or a typed error that names it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { best, fakeImage, fakeModel, importSource } from './helpers.mjs';
import { anything, outcomeOf, property } from './properties.mjs';

const { checkLoadOptions, pickSettings, checkCall } = await importSource('client/options.ts');
const { mergeTransforms } = await importSource('base/transforms.ts');
const { viewSettings } = await importSource('base/view.ts');
const { summarize } = await importSource('client/summary.ts');
const { cosineSimilarity, rankBySimilarity } = await importSource('client/similarity.ts');

const LOAD = [
  ...['weights', 'precision', 'activationBits', 'threads', 'download', 'onProgress', 'signal', 'worker', 'wasmUrl'],
  ...['workerUrl', 'wasmModule', 'weightsUrl', 'weightsDir', 'head', 'transforms', 'flavour', 'maxBytes', 'maxPixels'],
  ...['classes', 'seed'],
];
const CLASSIFY = ['topK', 'threshold', 'activation', 'allow', 'deny', 'crops'];
const IMAGE = ['transforms', 'rotate', 'region', 'orientation', 'background', 'signal', 'settled'];
const CALL = [...CLASSIFY, ...IMAGE];

/** Options with some names of these, of which one may be misspelled, and any values. */
const options = (names) =>
  fc.oneof(anything, fc.dictionary(fc.constantFrom(...names, 'topk', '__proto__', ''), anything));
const oneOption = (names) => fc.tuple(fc.constantFrom(...names), anything);

property(
  'load: any option is taken, or refused by its name',
  [oneOption(LOAD)],
  async ([name, value]) => {
    try {
      checkLoadOptions({ [name]: value });
    } catch (error) {
      await outcomeOf(() => Promise.reject(error));
      assert.ok(
        error.subject.startsWith(name) || /^(?:options|transforms)/.test(error.subject),
        `${name}: ${error.subject}`,
      );
    }
  },
  { runs: 3000 },
);

property(
  'settings: any value of any option',
  [options(CALL), anything],
  async (given, other) => {
    await outcomeOf(() => pickSettings(given));
    await outcomeOf(() => checkCall('explain', given));
    await outcomeOf(() => viewSettings({ region: other }));
    await outcomeOf(() => summarize(4, other));
    const merged = await outcomeOf(() => mergeTransforms({ ...TRANSFORMS }, other));
    if (merged !== undefined) assert.deepEqual(Object.keys(merged.value).sort(), Object.keys(TRANSFORMS).sort());
  },
  { runs: 1500 },
);

const TRANSFORMS = {
  ...{ resizeSize: 256, cropSize: 224, interpolation: 'bilinear', antialias: true },
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

/** A letter dropped or doubled, two swapped, or another case. */
const misspelled = fc
  .tuple(fc.constantFrom(...CALL.filter((name) => name.length > 4)), fc.nat(), fc.nat(3))
  .map(([name, n, kind]) => {
    const at = 1 + (n % (name.length - 2));
    const wrong = [
      name.slice(0, at) + name.slice(at + 1),
      name.slice(0, at) + name[at] + name.slice(at),
      name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2),
      name.toUpperCase(),
    ][kind];
    return [name, wrong];
  })
  .filter(([, wrong]) => !CALL.includes(wrong));
property('misspelled options are refused with the nearest name', [misspelled], ([name, wrong]) => {
  assert.throws(
    () => pickSettings({ [wrong]: 1 }),
    (error) => {
      assert.deepEqual([error.code, error.subject], ['INVALID_ARGUMENT', wrong]);
      assert.ok(error.message.includes(`did you mean ${name}?`), `${wrong}: ${error.message}`);
      return true;
    },
  );
});

const vector = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 5 });
property(
  'similarity: -1 to 1, the same both ways, 1 with itself, whatever the size of the numbers',
  [vector, vector],
  (a, b) => {
    const length = Math.min(a.length, b.length);
    const [left, right] = [a.slice(0, length), b.slice(0, length)];
    const cosine = cosineSimilarity(left, right);
    assert.ok(cosine >= -1 && cosine <= 1, cosine);
    assert.equal(cosineSimilarity(right, left), cosine);
    if (left.some((x) => x !== 0)) assert.ok(cosineSimilarity(left, left) > 1 - 1e-12);
    const ranked = rankBySimilarity(left, [right, left]);
    assert.ok(ranked[0].score >= ranked[1].score);
  },
  { runs: 3000 },
);

const METHODS = ['classify', 'logits', 'preprocess', 'embed', 'features', 'explain', 'fit', 'save', 'parameter'];
const input = fc.oneof(
  anything,
  fc.constant(fakeImage(1)),
  fc.record({ data: fc.uint8Array({ maxLength: 12 }), width: fc.nat(4), height: fc.nat(4), channels: fc.nat(5) }),
  fc.record({ tensor: fc.float32Array({ maxLength: 12 }), shape: fc.array(fc.integer(), { maxLength: 4 }) }),
  fc.string().map((body) => `data:image/png;base64,${body}`),
);
const inputs = fc.oneof(input, fc.array(input, { maxLength: 3 }));
const methodOptions = fc.oneof(
  fc.constant({}),
  options(CALL),
  options(IMAGE).map((given) => given),
);
property(
  'calls: any input and any options end in a result or a typed error, and the next call works',
  [fc.constantFrom(...METHODS), inputs, methodOptions],
  async (method, given, settings, { model, t }) => {
    const args =
      method === 'save' ? [settings] : method === 'features' ? [given, 'layer4', settings] : [given, settings];
    await outcomeOf(() => model[method](...args));
    if (++t.calls % 20 === 0) assert.equal(await best(model, fakeImage(3)), 3);
  },
  {
    runs: 1500,
    async before(t) {
      t.mock.method(console, 'warn', () => undefined);
      const { model } = await fakeModel(t, { worker: false });
      return { model, t: { calls: 0 } };
    },
  },
);
