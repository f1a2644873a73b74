// Folders of labeled pictures as torchvision's ImageFolder reads them (tests/tools/image_folders.py), and where we depart
// from it on purpose: leftovers of programs, and links that lead back. Python is the judge of the first part.
import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { importSource, ROOT, run, scratch } from './helpers.mjs';

const { readImageFolder, picturesBelow } = await importSource('convert/image-folder.ts');
const { byCodePoints } = await importSource('convert/file-names.ts');
const { nameOf, pathOf } = await importSource('base/file-names.node.ts');
const PYTHON = '/usr/bin/python3';
const TREES = 100;

test(`${TREES} generated trees: classes, pictures, indices and order of torchvision's ImageFolder`, async (t) => {
  if ((await run(PYTHON, ['-c', 'import torchvision'])).status !== 0)
    return t.skip('python3-torchvision is not installed');
  const folder = await scratch(t);
  const args = [join(ROOT, 'tests', 'tools', 'image_folders.py'), folder, String(TREES)];
  const made = await run(PYTHON, args, { timeout: 120_000 });
  assert.equal(made.status, 0, made.stderr);
  const counts = { compared: 0, refused: 0, pictures: 0, leftovers: 0 };
  for (const { folder: tree, classes, samples, refused } of JSON.parse(made.stdout)) {
    const found = await readImageFolder(tree);
    counts.leftovers += found.leftOut.leftovers.length;
    if (refused !== undefined) {
      const used = new Set(found.samples.map(({ label }) => label));
      const empty = found.classes.filter((_, i) => !used.has(i));
      const reason = `Found no valid file for the classes ${empty.join(', ')}`;
      assert.equal(found.classes.length === 0 ? `Couldn't find any class folder in ${tree}.` : reason, refused);
      counts.refused++;
      continue;
    }
    assert.deepEqual(found.classes, classes, tree);
    assert.deepEqual(
      found.samples.map(({ file, label }) => [file, label]),
      samples,
      tree,
    );
    counts.compared++;
    counts.pictures += samples.length;
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.compared > TREES / 4 && counts.pictures > 300 && counts.leftovers > 100, JSON.stringify(counts));
});

async function makeFiles(folder, files) {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), '');
  }
}
const filesOf = async (folder) => (await readImageFolder(folder)).samples.map(({ file }) => file);

test('what programs leave behind is neither class nor picture, at any depth and in any case', async (t) => {
  const folder = await scratch(t);
  const leftovers = ['.ipynb_checkpoints/1-checkpoint.jpg', '__MACOSX/cat/._1.jpg', 'Lost+Found/x.png'];
  leftovers.push('cat/._1.jpg', 'cat/sub/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg', '.Trashes/1.jpg', '$Recycle.Bin/1.jpg');
  await makeFiles(folder, ['cat/1.jpg', 'cat/sub/2.jpg', 'dog/.hidden.jpg', 'cat/Thumbs.db', 'cat/.DS_Store']);
  await makeFiles(folder, leftovers);
  const { classes, counted, leftOut } = await readImageFolder(folder);
  assert.deepEqual(classes, ['cat', 'dog']);
  assert.equal(counted.length, 7);
  assert.deepEqual(await filesOf(folder), ['cat/1.jpg', 'cat/sub/2.jpg', 'dog/.hidden.jpg']);
  assert.deepEqual(leftOut.leftovers.slice(5), ['cat/._1.jpg', 'cat/sub/@eaDir']);
  assert.deepEqual(
    await picturesBelow(folder),
    ['cat/1.jpg', 'cat/sub/2.jpg', 'dog/.hidden.jpg'].map((f) => join(folder, f)),
  );
});

test('links that lead back end, and are named; others are followed', async (t) => {
  const folder = await scratch(t);
  await makeFiles(folder, ['data/cat/1.jpg', 'data/dog/2.jpg', 'other/3.jpg']);
  const link = (target, path) => symlink(target, join(folder, 'data', path));
  await link('.', 'cat/self');
  await link('..', 'cat/all');
  await link('../../other', 'cat/other');
  await link('../../other', 'dog/other');
  await symlink('../data/dog', join(folder, 'other', 'dog'));
  const { samples, leftOut } = await readImageFolder(join(folder, 'data'));
  assert.deepEqual(
    samples.map(({ file, label }) => [file, label]),
    [
      ['cat/1.jpg', 0],
      ['cat/other/3.jpg', 0],
      ['cat/other/dog/2.jpg', 0],
      ['dog/2.jpg', 1],
      ['dog/other/3.jpg', 1],
    ],
  );
  assert.deepEqual(leftOut.loops.sort(), ['cat/all', 'cat/other/dog/other', 'cat/self', 'dog/other/dog']);
});

test('a folder that may not be read is passed over and named; one that is not there is refused', async (t) => {
  const folder = await scratch(t);
  await makeFiles(folder, ['cat/1.jpg', 'cat/locked/2.jpg']);
  await chmod(join(folder, 'cat', 'locked'), 0);
  const { leftOut } = await readImageFolder(folder);
  await chmod(join(folder, 'cat', 'locked'), 0o700);
  if (process.getuid?.() !== 0) assert.deepEqual(leftOut.unreadable, ['cat/locked']);
  for (const read of [readImageFolder, picturesBelow])
    await assert.rejects(read(join(folder, 'none')), { code: 'FILE_NOT_FOUND' });
});

test('names: by code points, and bytes that are not UTF-8 survive', () => {
  const names = ['\u{1f431}', '\uff21', 'a', '\udcff', 'Z', 'ab'];
  assert.deepEqual(names.sort(byCodePoints), ['Z', 'a', 'ab', '\udcff', '\uff21', '\u{1f431}']);
  const bytes = Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xf0, 0x9f, 0x2f]);
  assert.equal(nameOf(bytes), 'a\udcffé\udcf0\udc9f/');
  assert.deepEqual(pathOf(nameOf(bytes)), bytes);
  assert.equal(pathOf('é\u{1f431}'), 'é\u{1f431}');
});
