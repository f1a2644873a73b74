// Properties of what reads and writes files: what was written is read again, and any input ends in a value or a typed error.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatReference } from '../support/npz.mjs';
import { importSource, makeVariant, scratch } from './helpers.mjs';
import { damaged, outcomeOf, property, spoiled } from './properties.mjs';

const { parseManifest, formatManifest, isPlainFileName } = await importSource('weights/manifest.ts');
const { formatSafetensors, headerOf } = await importSource('base/safetensors.ts');
const { parseShard, formatShard } = await importSource('weights/shard.ts');
const { parseHead, formatHead } = await importSource('training/head-file.ts');
const { readNpy, readNpz } = await importSource('convert/npz.ts');
const { readReference } = await importSource('convert/reference.ts');
const { NpyWriter } = await importSource('cli/npy.ts');
const { fault } = await importSource('base/check.ts');

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0); // JSON has no -0
const positive = fc.integer({ min: 1, max: 1e9 });
const text = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' });
const hash = fc.string({ minLength: 64, maxLength: 64, unit: fc.constantFrom(...'0123456789abcdef') });
const plainName = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/);
const shard = fc.record({ file: plainName, bytes: fc.integer({ min: 8, max: 2 ** 30 }), sha256: hash });
const shards = fc.uniqueArray(shard, { minLength: 1, maxLength: 5, selector: ({ file }) => file });
const range = fc.tuple(number, number).filter(([a, b]) => a !== b);

const { manifest: good } = makeVariant('GOOD');
const manifests = fc.record({
  ...Object.fromEntries(Object.entries(good).map(([key, value]) => [key, fc.constant(value)])),
  name: plainName,
  meta: fc.dictionary(text, fc.jsonValue({ maxDepth: 3 })).map((meta) => JSON.parse(JSON.stringify(meta))),
  categories: fc.array(fc.record({ wnid: text, label: text }, { requiredKeys: ['label'] }), { minLength: 1 }),
  parameters: positive,
  ranges: fc.dictionary(
    text,
    range.map((pair) => pair.sort((a, b) => a - b)),
  ),
  precisions: fc.record({ int8: fc.record({ shards }), f32: fc.record({ shards }) }, { requiredKeys: ['int8'] }),
});

property('manifest: what is formatted is parsed again, and formats to the same bytes', [manifests], (manifest) => {
  const text = formatManifest(manifest);
  const parsed = parseManifest(text, 'here');
  assert.deepEqual(parsed, JSON.parse(text));
  assert.equal(formatManifest(parsed), text);
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  spoiled(good).map((value) => JSON.stringify(value)),
);
property(
  'manifest: any text ends in a manifest that holds what it promises, or a typed error',
  [anyText],
  async (text) => {
    const found = await outcomeOf(() => parseManifest(text, 'here'));
    if (found === undefined) return;
    const { categories, ranges, precisions } = found.value;
    assert.ok(categories.length > 0 && categories.every(({ label }) => typeof label === 'string' && label !== ''));
    for (const [least, most] of Object.values(ranges)) assert.ok(least < most);
    for (const { shards } of Object.values(precisions)) for (const { file } of shards) assert.ok(isPlainFileName(file));
    assert.deepEqual(
      Object.keys(found.value).filter(
        (key) => !(key in good || key === 'activation' || key === 'head' || key === 'quantization'),
      ),
      [],
    );
    assert.deepEqual(parseManifest(formatManifest(found.value), 'again'), found.value);
  },
  { runs: 3000 },
);

const tensor = fc
  .record({
    name: fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '0', 'fc.weight#8')),
    bytes: fc.uint8Array({ maxLength: 40 }),
  })
  .filter(({ name }) => name !== '__metadata__')
  .map(({ name, bytes }) => ({ name, dtype: 'I8', shape: [bytes.length], bytes }));
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 });
const metadata = fc.option(fc.dictionary(text, fc.string({ unit: 'binary' })), { nil: undefined });

property('safetensors: tensors and metadata come back as they were', [tensors, metadata], (list, facts) => {
  const file = formatSafetensors(list, facts);
  const { header, metadata: found, data } = headerOf(file);
  assert.equal(data % 8, 0);
  assert.deepEqual(Object.entries(found).sort(), Object.entries(facts ?? {}).sort());
  assert.equal(Object.keys(header).length, list.length);
  for (const { name, dtype, shape, bytes } of list) {
    const entry = Object.entries(header).find(([key]) => key === name)?.[1];
    assert.deepEqual([entry.dtype, entry.shape], [dtype, shape]);
    const [begin, end] = entry.data_offsets;
    assert.deepEqual(file.subarray(data + begin, data + end), Uint8Array.from(bytes));
  }
});

property('shards: parsed and formatted, the same tensors again', [tensors, metadata], (list, facts) => {
  const parsed = parseShard(formatSafetensors(list, facts));
  const again = parseShard(formatShard(parsed.tensors, parsed.metadata));
  assert.deepEqual(again.metadata, parsed.metadata);
  assert.deepEqual(again.tensors, parsed.tensors);
  assert.equal(again.tensors.length, list.length);
});

const { transforms } = good;
const floats = (length) =>
  fc.float({ min: -100, max: 100, noNaN: true }).map((x) => Float32Array.from({ length }, (_, i) => x + i));
const heads = fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).chain((classes) => {
  const origin = { classes, weights: 'X', precision: 'int8', transforms: { ...transforms, antialias: true } };
  const linear = fc.record({ weight: floats(classes.length * 2048), bias: floats(classes.length) });
  const votes = fc.record({ embeddings: floats(4096), labels: fc.constant(Int32Array.of(0, classes.length - 1)) });
  return fc.oneof(
    linear.map((parts) => ({ method: 'head', ...origin, ...parts })),
    votes.map((parts) => ({ method: 'knn', ...origin, ...parts, k: 2 })),
  );
});

property(
  'heads: what is formatted is parsed again, to the bit',
  [heads],
  (head) => {
    assert.deepEqual(parseHead(formatHead(head), 'x'), head);
  },
  { runs: 200 },
);

const classes = ['cat', 'dog'];
const head = {
  method: 'head',
  classes,
  weights: 'X',
  precision: 'int8',
  transforms: { ...transforms, antialias: true },
};
const headBytes = formatHead({ ...head, weight: new Float32Array(4096).fill(1), bias: Float32Array.of(1, 2) });
const begin = 8 + Number(new DataView(headBytes.buffer).getBigUint64(0, true));
const headerText = new TextDecoder().decode(headBytes.subarray(8, begin));

/** The file with another header. */
function withHeader(value) {
  const header = new TextEncoder().encode(JSON.stringify(value));
  const file = new Uint8Array(8 + header.length + headBytes.length - begin);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(headBytes.subarray(begin), 8 + header.length);
  return file;
}

const header = headBytes.slice(0, begin + 64);
const headFiles = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  damaged(header),
  damaged(header).map((changed) => new Uint8Array([...changed, ...headBytes.subarray(begin + 64)])),
  spoiled(JSON.parse(headerText), fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.json())).map(withHeader),
);
property(
  'heads: any bytes end in a whole head, or a typed error',
  [headFiles],
  async (bytes) => {
    const found = await outcomeOf(() => parseHead(bytes, 'x'));
    if (found === undefined) return;
    const { classes, weight, bias } = found.value;
    assert.deepEqual([weight.length, bias.length], [classes.length * 2048, classes.length]);
    assert.ok(
      classes.every((name) => typeof name === 'string' && name !== '') && new Set(classes).size === classes.length,
    );
  },
  { runs: 1500 },
);

const refused = (why) => fault('x.npy', why);

/** A .npy file, as NumPy's format says. */
function npy(descr, fortran, shape, content) {
  const dictionary = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.map((n) => `${n},`).join(' ')}), }`;
  const header = `${dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return new Uint8Array(
    Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), length, Buffer.from(header), content]),
  );
}

const matrices = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, columns]) =>
    fc.tuple(
      fc.constant([rows, columns]),
      fc.array(fc.float({ noNaN: true }), { minLength: rows * columns, maxLength: rows * columns }),
      ...[fc.constantFrom('<', '>'), fc.constantFrom(4, 8), fc.boolean()],
    ),
  );
property(
  'NumPy: numbers of either byte order, width and layout',
  [matrices],
  ([shape, values, order, width, fortran]) => {
    const [rows, columns] = shape;
    const content = Buffer.alloc(values.length * width);
    for (const [i, value] of values.entries()) {
      const place = fortran ? (i % columns) * rows + Math.floor(i / columns) : i;
      const write = `write${width === 4 ? 'Float' : 'Double'}${order === '<' ? 'LE' : 'BE'}`;
      content[write](value, place * width);
    }
    const found = readNpy(npy(`${order}f${width}`, fortran, shape, content), refused);
    assert.deepEqual(found, { shape, numbers: Float64Array.from(values) });
  },
);

const words = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 9 }), { minLength: 1, maxLength: 5 });
property('NumPy: names', [words], (names) => {
  const width = Math.max(1, ...names.map((name) => name.length));
  const content = Buffer.concat(
    names.map((name) => {
      const wide = Buffer.alloc(width * 4);
      for (const [i, char] of [...name].entries()) wide.writeUInt32LE(char.codePointAt(0), i * 4);
      return wide;
    }),
  );
  assert.deepEqual(readNpy(npy(`<U${width}`, false, [names.length], content), refused).texts, names);
});

const rows = fc.integer({ min: 1, max: 9 }).chain((columns) =>
  fc.array(fc.array(fc.float({ noNaN: true }), { minLength: columns, maxLength: columns }), {
    minLength: 1,
    maxLength: 9,
  }),
);
property('embed: the file that is written is read again', [rows], async (matrix) => {
  let bytes = new Uint8Array();
  const file = {
    async write(piece, at) {
      const longer = new Uint8Array(Math.max(bytes.length, at + piece.length));
      longer.set(bytes);
      longer.set(piece, at);
      bytes = longer;
    },
  };
  const writer = new NpyWriter(file, matrix[0].length);
  for (const row of matrix) await writer.append(Float32Array.from(row));
  await writer.finish();
  const { shape, numbers } = readNpy(bytes, refused);
  assert.deepEqual([shape, [...numbers]], [[matrix.length, matrix[0].length], matrix.flat()]);
});

const sides = fc.array(fc.oneof(fc.nat(5), fc.nat(), fc.constantFrom(2 ** 31, 2 ** 53, 10 ** 15)), { maxLength: 3 });
const odd = fc.constantFrom('<f4', '<f8', '>f2', '<U3', '|S2', '<U0', '|S0', '|S', '<U', '|O', '<i8', '=f4', 'f4', '');
const anyNpy = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.tuple(odd, fc.boolean(), sides, fc.uint8Array({ maxLength: 64 })).map(([...parts]) => npy(...parts)),
  damaged(npy('<f4', false, [2, 2], Buffer.alloc(16))),
);
property(
  'NumPy: any bytes end in an array of as many entries as its shape says, or a typed error',
  [anyNpy],
  async (bytes) => {
    const found = await outcomeOf(() => readNpy(bytes, refused));
    if (found === undefined) return;
    const { shape, numbers, texts } = found.value;
    assert.equal(
      (numbers ?? texts).length,
      shape.reduce((product, side) => product * side, 1),
    );
  },
  { runs: 3000 },
);

const npz = formatReference(
  ['a.jpg', 'b.jpg'],
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
);
property('NumPy: archives that are damaged', [damaged(npz)], (bytes) => outcomeOf(() => readNpz(bytes, refused)), {
  runs: 1000,
});

const F64 = { dtype: 'F64', shape: [2, 2], data_offsets: [0, 32] };
const referenceHeader = { __metadata__: { names: '["a","b"]', folder: '/' }, logits: F64 };
const references = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  spoiled(referenceHeader, fc.oneof(fc.jsonValue(), sides, fc.constantFrom([2, 0.5], [-2, -2], [1.5, 2]))).map(
    (value) => {
      const text = Buffer.from(JSON.stringify(value));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([length, text, Buffer.alloc(32, 1)]);
    },
  ),
);
property(
  'verify: any file of logits ends in whole rows, or a typed error',
  [references],
  async (bytes, path) => {
    await writeFile(path, bytes);
    const found = await outcomeOf(() => readReference(path));
    if (found === undefined) return;
    const { names, rows: all, classes: count } = found.value;
    assert.ok(Number.isInteger(count) && count > 0 && names.length === all.length);
    for (const row of all) assert.equal(row.length, count);
  },
  { before: async (t) => join(await scratch(t), 'reference'), runs: 400 },
);
