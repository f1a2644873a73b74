// Files of reference logits: what NumPy and safetensors write, and what is refused, by name. Python writes where it is there.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { formatNpy } from '../support/npz.mjs';
import { importSource, run, scratch } from './helpers.mjs';

const { readReference } = await importSource('convert/reference.ts');
const { formatSafetensors } = await importSource('base/safetensors.ts');
const PYTHON = '/usr/bin/python3';

const ROWS = [
  [1.5, -2, 0.25],
  [0, 3, -1],
];
const NAMES = ['cat/1.jpg', 'été/\u{1f431} 2.png'];
const plain = ({ names, rows, classes, folder }) => ({ names, rows: rows.map((row) => [...row]), classes, folder });

const WAYS = {
  savez: 'np.savez(out, names=np.array(names), logits=np.array(rows, np.float32))',
  'float64, with a folder': "np.savez(out, names=names, logits=np.array(rows), folder='/photos')",
  'float16, compressed': 'np.savez_compressed(out, names=names, logits=np.array(rows, np.float16))',
  'big-endian numbers and text': "np.savez(out, names=np.array(names).astype('>U20'), logits=np.array(rows, '>f4'))",
  'Fortran order': 'np.savez(out, names=names, logits=np.asfortranarray(np.array(rows)))',
  'names as bytes': 'np.savez(out, names=np.array([n.encode() for n in names]), logits=np.array(rows))',
  'other names of arrays, others beside':
    'np.savez(out, files=names, outputs=np.array(rows), labels=np.array([0, 1.]))',
};
for (const [name, code] of Object.entries(WAYS)) {
  test(`NumPy: ${name}`, async (t) => {
    const out = join(await scratch(t), 'reference.npz');
    const given = `out, names, rows = ${JSON.stringify(out)}, ${JSON.stringify(NAMES)}, ${JSON.stringify(ROWS)}`;
    const { status, stderr } = await run(PYTHON, ['-c', `import numpy as np\n${given}\n${code}`]);
    if (/No module|ENOENT/.test(stderr)) return t.skip('python3-numpy is not installed');
    assert.equal(status, 0, stderr);
    const folder = /folder/.test(name) ? '/photos' : null;
    assert.deepEqual(plain(await readReference(out)), { names: NAMES, rows: ROWS, classes: 3, folder });
  });
}

test('safetensors: logits, and names in the metadata as JSON or lines', async (t) => {
  const file = join(await scratch(t), 'reference.safetensors');
  for (const names of [JSON.stringify(NAMES), NAMES.join('\n')]) {
    for (const [dtype, type] of [
      ['F32', Float32Array],
      ['F64', Float64Array],
    ]) {
      const bytes = new Uint8Array(type.from(ROWS.flat()).buffer);
      await writeFile(file, formatSafetensors([{ name: 'logits', dtype, shape: [2, 3], bytes }], { names }));
      assert.deepEqual(plain(await readReference(file)), { names: NAMES, rows: ROWS, classes: 3, folder: null });
    }
  }
});

const npy = (text) => formatNpy(text, new Uint8Array());
const logits = formatNpy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", new Float32Array(ROWS.flat()));
const names = formatNpy("{'descr': '|S2', 'fortran_order': False, 'shape': (2,), }", Buffer.from('abcd'));
const withLogits = (values) =>
  zipSync({
    'names.npy': names,
    'logits.npy': formatNpy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", new Float32Array(values)),
  });
const good = zipSync({ 'names.npy': names, 'logits.npy': logits });
/** A file whose directory claims a size that nothing has. */
function claiming(bytes, size) {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(Buffer.from('PK\x01\x02'));
  copy.writeUInt32LE(size, at + 24);
  return copy;
}
const REFUSED = {
  'no zip and no safetensors': ['text', /neither \.npz nor safetensors: write it with the snippet/],
  nothing: ['', /neither/],
  'a zip that is cut off': [good.subarray(0, good.length / 2), /damaged/],
  'a size over the limit': [claiming(good, 0xf0000000), /holds more than/],
  'too many arrays': [
    zipSync(Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`${i}.npy`, names]))),
    /or 64 arrays/,
  ],
  'no logits': [zipSync({ 'names.npy': names }), /no array 'logits'.*but names \[2\]/],
  'no names': [zipSync({ 'logits.npy': logits }), /no array 'names'.*but logits \[2, 3\]/],
  'Python objects': [
    zipSync({ 'names.npy': npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"), 'logits.npy': logits }),
    /'names' that holds Python objects: write names as/,
  ],
  'whole numbers': [
    zipSync({ 'logits.npy': npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }") }),
    /holds '<i8'/,
  ],
  fields: [
    zipSync({ 'logits.npy': npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }") }),
    /fields/,
  ],
  'no header': [zipSync({ 'logits.npy': Buffer.from('text') }), /no NumPy array/],
  'an array that is cut off': [
    zipSync({ 'logits.npy': npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999), }") }),
    /cut off/,
  ],
  'other numbers of names and rows': [
    zipSync({
      'names.npy': names,
      'logits.npy': formatNpy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", new Float32Array(6)),
    }),
    /2 names for 3 rows/,
  ],
  'numbers that are not finite': [withLogits([1, 2, 3, 1, Number.NaN, 3]), /logits of cd that are not finite/],
  probabilities: [withLogits([0.5, 0.25, 0.25, 0, 0, 1]), /holds probabilities.*before softmax/],
};
for (const [name, [bytes, message]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, async (t) => {
    const file = join(await scratch(t), 'reference.npz');
    await writeFile(file, bytes);
    await assert.rejects(readReference(file), { code: 'INVALID_ARGUMENT', message, subject: file });
  });
}

test('a file that is not there', async () => {
  await assert.rejects(readReference('/none/reference.npz'), { code: 'FILE_NOT_FOUND' });
});
