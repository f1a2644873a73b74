// Folders of labeled photos: both kinds, and what is refused, by name.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { importSource, scratch } from './helpers.mjs';

const { readLabeled } = await importSource('convert/labeled.ts');

test('labels.json: in its order, with any of the names that a class goes by', async (t) => {
  const folder = await scratch(t);
  const entries = [
    { file: 'z.jpg', class: 2 },
    { file: 'sub/a.png', label: 0 },
    { file: 'b.jpg', index: 1 },
  ];
  await writeFile(join(folder, 'labels.json'), JSON.stringify(entries));
  assert.deepEqual(await readLabeled(folder, 3), [
    { path: join(folder, 'z.jpg'), label: 2 },
    { path: join(folder, 'sub/a.png'), label: 0 },
    { path: join(folder, 'b.jpg'), label: 1 },
  ]);
  await assert.rejects(readLabeled(folder, 2), { code: 'INVALID_ARGUMENT', message: /z\.jpg class 2, of 2/ });
});

test('a folder a class: classes and photos in order of names, other files left out', async (t) => {
  const folder = await scratch(t);
  for (const file of ['cat/2.jpg', 'cat/1.JPEG', 'ant/x.bmp', 'ant/notes.txt', 'zebra/.keep']) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  const photos = await readLabeled(folder, 3);
  assert.deepEqual(
    photos.map(({ path, label }) => [path.slice(folder.length + 1), label]),
    [
      ['ant/x.bmp', 0],
      ['cat/1.JPEG', 1],
      ['cat/2.jpg', 1],
    ],
  );
});

test('what is no such folder is refused with the reason', async (t) => {
  const folder = await scratch(t);
  const refused = (message) => assert.rejects(readLabeled(folder, 3), { code: 'INVALID_ARGUMENT', message });
  await refused(/neither labels\.json nor a folder of photos for each class/);
  for (const [text, message] of [
    ['[', /not valid JSON/],
    ['{"a": 1}', /is no list/],
    ['[null]', /entries are not/],
    ['[{"file": "a.jpg"}]', /entries are not/],
    ['[{"file": 1, "class": 1}]', /entries are not/],
    ['[{"file": "a.jpg", "class": 1.5}]', /class 1\.5, of 3/],
    ['[{"file": "a.jpg", "class": -1}]', /class -1, of 3/],
  ]) {
    await writeFile(join(folder, 'labels.json'), text);
    await refused(message);
  }
  await assert.rejects(readLabeled(join(folder, 'none'), 3), {
    code: 'FILE_NOT_FOUND',
    subject: join(folder, 'none'),
  });
});
