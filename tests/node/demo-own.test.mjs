// What the demo's page for one's own network says and writes, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unzipSync } from 'fflate';
import { kindOf } from '../../demo/page/own-files.js';
import {
  comparisonSentence,
  conversionSentence,
  deviceSentence,
  duration,
  filesSentence,
  phaseSentence,
  understood,
} from '../../demo/page/own-sentences.js';
import { zip } from '../../demo/page/zip.js';

test('a ZIP file of files as they are, the same for the same files', async () => {
  const files = new Map([
    ['a/README.txt', new TextEncoder().encode('grüße')],
    ['a/ä.bin', Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 251)],
    ['a/empty', new Uint8Array()],
  ]);
  const bytes = new Uint8Array(await zip(files).arrayBuffer());
  assert.deepEqual(new Map(Object.entries(unzipSync(bytes))), files);
  assert.deepEqual(new Uint8Array(await zip(files).arrayBuffer()), bytes);
});

test('files are sorted by what they are called', () => {
  const kinds = [
    'm.PTH',
    'm.ckpt',
    'pytorch_model.bin',
    'm.safetensors',
    'names.txt',
    'id2label.json',
    'a.JPEG',
    'b.webp',
  ];
  assert.deepEqual(
    kinds.map((name) => kindOf({ name, type: '' })),
    [...Array(4).fill('checkpoint'), 'labels', 'labels', 'photo', 'photo'],
  );
  assert.equal(kindOf({ name: 'holiday', type: 'image/heic' }), 'photo');
  assert.equal(kindOf({ name: 'notes.md', type: 'text/markdown' }), undefined);
  const checkpoint = { name: 'm.pth', size: 98e6 };
  assert.equal(filesSentence({ checkpoint, photos: [] }), 'm.pth (98.0 MB).');
  assert.equal(
    filesSentence({ labels: { name: 'n.txt' }, photos: [1] }),
    'No checkpoint yet, names of classes from n.txt, 1 photo.',
  );
});

test('phases are told with steps and time left, once it is known', () => {
  const at = (secondsLeft) => phaseSentence({ phase: 'quantize', done: 12, total: 72, secondsLeft });
  assert.equal(at(undefined), 'Quantizing, 12 of 72 layers');
  assert.equal(at(40.2), 'Quantizing, 12 of 72 layers, about 41 s left');
  assert.equal(at(65), 'Quantizing, 12 of 72 layers, about 1:05 minutes left');
  assert.equal(phaseSentence({ phase: 'match', done: 0, total: 1 }), 'Matching batch norm');
  assert.deepEqual([0.2, 59, 61].map(duration), ['1 s', '59 s', '1:01 minutes']);
});

test('devices that probably cannot convert are told before they try', () => {
  assert.equal(deviceSentence({ memory: 8, handheld: false }), '');
  assert.equal(deviceSentence({ memory: undefined, handheld: false }), '', 'Firefox and Safari do not tell');
  assert.match(deviceSentence({ memory: 2, handheld: false }), /about 2 GB in all: it may fail here/);
  assert.match(deviceSentence({ memory: 8, handheld: true }), /phones and tablets.*use a computer/);
});

test('errors of checkpoints keep their words, those of machines get a remedy', () => {
  const error = (code, message) => Object.assign(new Error(message), { code });
  assert.equal(conversionSentence(error('CHECKPOINT_FORMAT', 'a.pth: no zip')), 'a.pth: no zip.');
  assert.match(conversionSentence(error('OUT_OF_MEMORY', 'no memory for 3 bytes')), /close other tabs/);
  assert.match(conversionSentence(error('CORE_CRASHED', 'trap')), /stopped unexpectedly.*close other tabs/);
});

test('what was understood and how int8 compares, in words', () => {
  const manifest = {
    ...{ parameters: 23_514_179, categories: [1, 2, 3], transforms: { resizeSize: 256, cropSize: 224 } },
    ...{ activation: 'softmax', precisions: { int8: { shards: [{ bytes: 12e6 }, { bytes: 11e6 }] } } },
  };
  const recognized = { naming: 'timm', prefix: 'module.', head: 'fc', headNorm: '', key: '.', others: [], leftOut: [] };
  const facts = Object.fromEntries(understood({ manifest, recognized, seconds: 65, size: 94e6 }));
  assert.deepEqual(facts, {
    Network: 'ResNet-50, 23,514,179 parameters',
    Names: 'as timm writes them',
    Classifier: 'fc',
    Classes: '3',
    Pictures: 'resized to 256, cropped to 224 pixels; scores by softmax',
    'Prefix of its names': 'module.',
    Size: '94.0 MB before, 23.0 MB now, in 2 files',
    Time: '1:05 minutes',
  });
  const photo = (agrees) => ({ agrees, difference: 0.021, milliseconds: { f32: 212, int8: 118 } });
  assert.match(
    comparisonSentence({ photos: [photo(true), photo(false)], agreement: 0.5 }),
    /^Both put the same class first on 1 of 2 photos; scores differ by 2\.1% at most\. .* 212 ms in float32 and 118 ms in int8/,
  );
  assert.match(comparisonSentence({ photos: [photo(false)], agreement: 0 }), /^They differ on the photo;/);
});
