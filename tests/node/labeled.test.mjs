// Folders of labeled photos: shapes of folders and of labels.json, which class a label means, and what is refused, by name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { importSource, scratch } from './helpers.mjs';

const { readFolder, readLabeled, pictureInput, readPhoto } = await importSource('convert/labeled.ts');

const named = (...labels) => labels.map((label) => ({ label }));
const FLOWERS = named('daisy', 'rose', 'tulip');

/** A folder with empty files, and a labels.json if a text or bytes are given. */
async function made(t, files, labels) {
  const folder = await scratch(t);
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  if (labels !== undefined) await writeFile(join(folder, 'labels.json'), labels);
  return folder;
}
const pairs = ({ photos }) => photos.map(({ file, label }) => [file, label]);

const wide = (text) => Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]);
const EXPECTED = [
  ['z.jpg', 2],
  ['sub/a.png', 0],
];
const list = (entry) => JSON.stringify(EXPECTED.map(([file, label]) => entry(file, label)));
const SHAPES = {
  'class by index': list((file, label) => ({ file, class: label })),
  'label by index': list((file, label) => ({ file, label })),
  'index, other fields beside': list((path, index) => ({ path, index, width: 3 })),
  'target of file_name': list((file_name, target) => ({ file_name, target })),
  'label by name': list((file, label) => ({ file, label: FLOWERS[label].label })),
  'names in another case': list((file, label) => ({ file, label: FLOWERS[label].label.toUpperCase() })),
  'indices as text': list((file, label) => ({ file, label: String(label) })),
  'names and indices': JSON.stringify([
    { file: 'z.jpg', label: 'tulip' },
    { file: 'sub/a.png', label: 0 },
  ]),
  pairs: list((file, label) => [file, label]),
  'pairs in a wrapper': JSON.stringify({ labels: EXPECTED }),
  'file to index': JSON.stringify(Object.fromEntries(EXPECTED)),
  'file to name': JSON.stringify({ 'z.jpg': 'tulip', 'sub/a.png': 'daisy' }),
  'class to files': JSON.stringify({ tulip: ['z.jpg'], daisy: ['sub/a.png'] }),
  'a byte order mark': `\ufeff${list((file, label) => ({ file, label }))}`,
  'UTF-16 with a mark': wide(list((file, label) => ({ file, label }))),
};
for (const [name, labels] of Object.entries(SHAPES)) {
  test(`labels.json: ${name}`, async (t) => {
    const folder = await made(t, ['z.jpg', 'sub/a.png', 'other/unlisted.jpg'], labels);
    const found = await readLabeled(folder, FLOWERS);
    assert.deepEqual(pairs(found), EXPECTED);
    assert.equal(found.photos[1].path, join(folder, 'sub/a.png'));
  });
}

test('labels.json: absolute paths, and those written on Windows', async (t) => {
  const folder = await made(t, ['sub/a.png']);
  const entries = [
    { file: 'sub\\a.png', label: 1 },
    { file: join(folder, 'sub/a.png'), label: 1 },
  ];
  await writeFile(join(folder, 'labels.json'), JSON.stringify(entries));
  const { photos } = await readLabeled(folder, FLOWERS);
  assert.deepEqual(
    photos.map(({ path }) => path),
    [join(folder, 'sub/a.png')],
  );
});

test('labels.json: a picture that is named twice counts once and is told; two classes of one picture are refused', async (t) => {
  const folder = await made(t, ['a.jpg', 'b.jpg']);
  const read = async (value) => {
    await writeFile(join(folder, 'labels.json'), typeof value === 'string' ? value : JSON.stringify(value));
    return readLabeled(folder, FLOWERS);
  };
  const twice = await read([
    { file: 'a.jpg', label: 'rose' },
    { file: './a.jpg', label: 'rose' },
    { file: 'b.jpg', label: 0 },
  ]);
  assert.deepEqual(pairs(twice), [
    ['a.jpg', 1],
    ['b.jpg', 0],
  ]);
  assert.deepEqual(twice.notes, ['labels.json names pictures twice, which count once: ./a.jpg']);
  for (const [value, message] of [
    [{ rose: ['a.jpg'], tulip: ['b.jpg', 'a.jpg'] }, /gives a\.jpg two classes, rose and tulip/],
    ['{"a.jpg": "rose", "b.jpg": "rose", "a.jpg": "tulip"}', /names a\.jpg twice: JSON keeps the last one only/],
    ['{"\\u0061.jpg": "rose", "a.jpg": "rose"}', /names a\.jpg twice/],
  ]) {
    await assert.rejects(read(value), { code: 'INVALID_ARGUMENT', message });
  }
  // A name within the values is no field.
  const nested = await read('{"labels": [{"file": "a.jpg", "label": "rose"}, {"file": "b.jpg", "label": "rose"}]}');
  assert.deepEqual([nested.photos.length, nested.notes], [2, []]);
});

for (const [name, labels] of Object.entries({
  class_to_idx: '{"x": 2, "y": 0, "z": 1}',
  'index to name': '{"0": "y", "1": "z", "2": "x"}',
  'a list of names': '["y", "z", "x"]',
})) {
  test(`labels.json that names classes (${name}) gives the folders beside it their indices`, async (t) => {
    const folder = await made(t, ['x/1.jpg', 'y/2.jpg'], labels);
    assert.deepEqual(pairs(await readLabeled(folder, FLOWERS)), [
      ['x/1.jpg', 2],
      ['y/2.jpg', 0],
    ]);
    await mkdir(join(folder, 'w'));
    await writeFile(join(folder, 'w', '3.jpg'), '');
    await assert.rejects(readLabeled(folder, FLOWERS), { code: 'INVALID_ARGUMENT', message: /folder w/ });
  });
}

/** Files, the network's classes, and the labels by file or the reason of the refusal; then what is told. */
const FOLDERS = {
  'names of the network, in any order': [['rose/1.jpg', 'daisy/2.jpg'], FLOWERS, [0, 1]],
  'names in another case, with other separators and another Unicode form': [
    ['Wall_Clock/1.jpg', 'cre\u0300me/2.jpg'],
    named('crème', 'x', 'wall clock'),
    [2, 0],
  ],
  'a case that tells two classes apart': [['Cat/1.jpg', 'cat/2.jpg'], named('cat', 'Cat'), [1, 0]],
  'WordNet ids, alone or before a name': [
    ['n00000001/1.jpg', 'n00000002-rose/2.jpg'],
    [
      { wnid: 'n00000002', label: 'rose' },
      { wnid: 'n00000001', label: 'daisy' },
    ],
    [1, 0],
  ],
  'no name of the network, but as many': [
    ['a/1.jpg', 'b/2.jpg', 'c/3.jpg'],
    FLOWERS,
    [0, 1, 2],
    /order counts: a is 0/,
  ],
  'one name of the network where its order has it': [['Aster/1.jpg', 'rose/2.jpg', 'tulip/3.jpg'], FLOWERS, [0, 1, 2]],
  'numbers, which torchvision orders as text': [
    Array.from({ length: 11 }, (_, i) => `${i}/x.jpg`),
    named(...'abcdefghijk'),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    /'10' before '2'/,
  ],
  'an empty class keeps its index': [['a/1.jpg', 'b/notes.txt', 'c/3.jpg'], FLOWERS, [0, 2], /no picture of b/],
  'a class that a notebook made is none': [
    ['.ipynb_checkpoints/1.jpg', 'a/1.jpg', 'a/._1.jpg', 'b/2.jpg', 'c/3.jpg'],
    FLOWERS,
    [0, 1, 2],
    /left out what programs left behind: \.ipynb_checkpoints, a\/\._1\.jpg \(torchvision/,
  ],
  'unless the network was trained with it': [
    ['.ipynb_checkpoints/1.jpg', 'a/1.jpg', 'b/2.jpg'],
    FLOWERS,
    [1, 2],
    /3 classes, as torchvision counts/,
  ],
  'formats that torchvision passes over': [['daisy/1.jpg', 'daisy/2.heic'], FLOWERS, [0], /formats.*daisy\/2\.heic/],
  'order that a name contradicts': [
    ['birds/1.jpg', 'daisy/2.jpg', 'x/3.jpg'],
    FLOWERS,
    /does not know: birds, x.*contradicts/,
  ],
  'fewer folders, of other names': [['a/1.jpg', 'b/2.jpg'], FLOWERS, /it has 3: daisy, rose, tulip.*there are 2/],
  'parts of a data set': [
    ['train/a/1.jpg', 'val/a/1.jpg'],
    named('x', 'y'),
    /does not know: train, val.*one of its folders/,
  ],
  'a name that two classes bear': [['crane/1.jpg'], named('crane', 'x', 'crane'), /classes 0 and 2: use WordNet ids/],
  'pictures without a class': [['1.jpg', '2.jpg'], FLOWERS, /2 pictures lie side by side/],
  'folders without a picture': [['a/x.txt'], FLOWERS, /in a there is no picture/],
  nothing: [[], FLOWERS, /neither labels\.json nor a folder of photos for each class/],
};
for (const [name, [files, classes, expected, told]] of Object.entries(FOLDERS)) {
  test(`a folder per class: ${name}`, async (t) => {
    const folder = await made(t, files);
    if (expected instanceof RegExp)
      return assert.rejects(readLabeled(folder, classes), {
        code: 'INVALID_ARGUMENT',
        message: expected,
        subject: folder,
      });
    const { photos, notes } = await readLabeled(folder, classes);
    assert.deepEqual(
      photos.map(({ label }) => label),
      expected,
    );
    assert.equal(notes.length > 0, told !== undefined || /one name/.test(name), notes.join('\n'));
    if (told !== undefined) assert.match(notes.join('\n'), told);
  });
}

test('what is no such folder is refused with the reason', async (t) => {
  const folder = await made(t, []);
  for (const [text, message] of [
    ['[', /not valid JSON/],
    ['null', /must be a list of/],
    ['[]', /must be a list of/],
    ['[null]', /must be a list of/],
    ['[{"file": "a.jpg"}]', /must be a list of/],
    ['[{"file": 1, "class": 1}]', /must be a list of/],
    ['{"a.jpg": {}}', /must be a list of/],
    ['{"tulip": []}', /names no picture/],
    ['["a", "b"]', /neither labels\.json nor/],
    ['[{"file": "a.jpg", "class": 3}]', /gives a\.jpg class 3, of 3/],
    ['[{"file": "a.jpg", "class": 1.5}]', /gives a\.jpg class 1\.5, of 3/],
    ['[{"file": "a.jpg", "class": -1}]', /gives a\.jpg class -1, of 3/],
    ['[{"file": "a.jpg", "class": "lily"}]', /does not know: lily.*names or indices/],
    ['[{"file": "a.jpg", "class": "3"}]', /does not know: 3/],
  ]) {
    await writeFile(join(folder, 'labels.json'), text);
    await assert.rejects(readLabeled(folder, FLOWERS), { code: 'INVALID_ARGUMENT', message }, text);
  }
  const none = join(folder, 'none');
  await assert.rejects(readFolder(none), { code: 'FILE_NOT_FOUND', subject: none });
  await assert.rejects(readFolder(join(folder, 'labels.json')), { code: 'FILE_NOT_FOUND' });
});

test('a photo is read where it is a file, whatever its name', async (t) => {
  const folder = await made(t, ['a.jpg']);
  assert.equal(await pictureInput(join(folder, 'a.jpg')), join(folder, 'a.jpg'));
  execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
  for (const read of [pictureInput, readPhoto]) {
    for (const name of ['pipe.jpg', 'none.jpg', '.'])
      await assert.rejects(read(join(folder, name)), { code: 'FILE_NOT_FOUND' });
  }
  const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff), Buffer.from('.jpg')]);
  await writeFile(odd, 'content');
  assert.equal(Buffer.from(await pictureInput(join(folder, '\udcff.jpg'))).toString(), 'content');
});
