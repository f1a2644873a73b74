// Properties of texts and names: what a terminal shows, names of files and their order, labels and the classes they mean.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { importSource, scratch } from './helpers.mjs';
import { outcomeOf, property } from './properties.mjs';

const { printable, printableJson } = await importSource('base/printable.ts');
const { nameOf, pathOf } = await importSource('base/file-names.node.ts');
const { byCodePoints } = await importSource('convert/file-names.ts');
const { placeClasses } = await importSource('convert/class-places.ts');
const { parseLabelsFile } = await importSource('convert/labels-file.ts');
const { readImageFolder } = await importSource('convert/image-folder.ts');
const { fault } = await importSource('base/check.ts');

const OBEYED = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\x1b', '\n', '\u202e', '\ufeff', '\u009b', '\ud800', 'a', ']') }),
);

property(
  'text: nothing that a terminal obeys is left, and all else stays',
  [text],
  (given) => {
    const shown = printable(given);
    assert.doesNotMatch(shown, OBEYED);
    assert.equal(printable(shown), shown);
    const harmless = Array.from(given).filter((char) => !OBEYED.test(char));
    assert.deepEqual(Array.from(shown.replace(/\\(?:x[0-9a-f]{2}|u[0-9a-f]{4})/g, '')).length <= harmless.length, true);
    if (!OBEYED.test(given)) assert.equal(shown, given);
  },
  { runs: 3000 },
);

const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });
property(
  'JSON: it reads as the same value, and nothing in it is obeyed',
  [json, fc.constantFrom(undefined, 2)],
  (value, indent) => {
    const shown = printableJson(value, indent);
    assert.doesNotMatch(shown.replaceAll('\n', ''), OBEYED);
    assert.deepEqual(JSON.parse(shown), JSON.parse(JSON.stringify(value)));
  },
);

const bytes = fc.uint8Array({ maxLength: 24 });
property(
  'names of files: any bytes survive',
  [bytes],
  (given) => {
    assert.deepEqual(Uint8Array.from(Buffer.from(pathOf(nameOf(given)))), Uint8Array.from(given));
  },
  { runs: 3000 },
);

const name = fc.oneof(
  bytes.map(nameOf),
  fc.string({ unit: fc.constantFrom('a', 'é', '\uffff', '\u{10000}', '\udcff') }),
);
property(
  'names of files: their order is that of lists of code points',
  [name, name],
  (a, b) => {
    const [left, right] = [a, b].map((given) => Array.from(given, (char) => char.codePointAt(0)));
    const at = left.findIndex((point, i) => point !== right[i]);
    const expected = at < 0 ? left.length - right.length : right[at] === undefined ? 1 : left[at] - right[at];
    assert.equal(Math.sign(byCodePoints(a, b)), Math.sign(expected));
    assert.equal(Math.sign(byCodePoints(b, a)) + Math.sign(expected), 0);
  },
  { runs: 3000 },
);

const label = fc.constantFrom(
  'cat',
  'Cat',
  'dog',
  'tabby_cat',
  'tabby cat',
  'n02085620',
  '0',
  '1',
  '10',
  '2',
  'train',
  '',
);
const category = fc.record(
  { label: label.filter(Boolean), wnid: fc.constantFrom('n02085620', 'n00000001') },
  { requiredKeys: ['label'] },
);
const classes = fc.option(fc.uniqueArray(label.filter(Boolean), { minLength: 1, maxLength: 5 }));
const labels = fc.oneof(label, fc.integer({ min: -1, max: 6 }), fc.constantFrom(0.5, -0, Number.NaN, 1e9));
const folders = fc
  .record({ classes, counted: classes, photos: fc.array(labels, { maxLength: 6 }) })
  .map(({ classes, counted, photos }) => ({
    // Names of folders are those of the photos' classes, and torchvision counts all of them.
    ...{ folder: 'here', classes, counted: classes && [...new Set([...classes, ...(counted ?? [])])] },
    photos: photos
      .filter((label) => classes === null || typeof label !== 'string' || classes.includes(label))
      .map((label, i) => ({ label, file: `${i}.jpg` })),
  }));
const networks = fc.array(category, { minLength: 1, maxLength: 5 });
property(
  'places of classes: every label has one that the network has, or a typed error says why not',
  [folders, networks],
  async (folder, network) => {
    const found = await outcomeOf(() => placeClasses(folder, network));
    if (found === undefined) return;
    const { places, by } = found.value;
    assert.match(by, /^(?:index|name|order)$/);
    for (const { label } of folder.photos) {
      const place = places.get(label);
      assert.ok(Number.isInteger(place) && place >= 0 && place < network.length, `${String(label)} is ${place}`);
      const exact = network.flatMap((one, i) => (one.label === label || one.wnid === label ? [i] : []));
      if (by === 'name' && exact.length > 0) assert.ok(exact.includes(place));
    }
  },
  { runs: 3000 },
);

const refused = (why) => fault('labels.json', why);
property(
  'labels.json: any JSON, and any text, ends in labels or a typed error',
  [fc.oneof(fc.json({ maxDepth: 3 }), fc.string())],
  async (given) => {
    const found = await outcomeOf(() => parseLabelsFile(given, refused));
    if (found === undefined) return;
    for (const { file, label } of found.value.labels ?? []) {
      assert.ok(typeof file === 'string' && ['string', 'number'].includes(typeof label));
    }
    for (const one of found.value.classes ?? []) assert.equal(typeof one, 'string');
  },
  { runs: 3000 },
);

const file = fc.stringMatching(/^[a-z"\\ü]{1,8}$/).map((stem) => `${stem}.jpg`);
const pairs = fc.uniqueArray(fc.tuple(file, fc.constantFrom('cat', 'dog "x"', 0, 3)), {
  minLength: 1,
  selector: ([given]) => given,
});
property('labels.json: the same labels in every shape', [pairs], (list) => {
  const expected = list.map(([file, label]) => ({ file, label }));
  const classesOf = new Map();
  for (const [file, label] of list) classesOf.set(String(label), [...(classesOf.get(String(label)) ?? []), file]);
  const shapes = [expected, list, { labels: expected }, Object.fromEntries(list)];
  for (const shape of shapes)
    for (const indent of [0, 2])
      assert.deepEqual(parseLabelsFile(JSON.stringify(shape, null, indent), refused), { labels: expected });
  const { labels: byClass } = parseLabelsFile(JSON.stringify(Object.fromEntries(classesOf)), refused);
  assert.deepEqual(byClass.map(({ file }) => file).sort(), list.map(([file]) => file).sort());
});

const folderName = fc.constantFrom('a', 'B', 'é', '\u{1f600}', '\uffee', '10', '9', 'a b', '.x');
const path = fc
  .tuple(
    folderName,
    fc.array(folderName, { maxLength: 2 }),
    fc.constantFrom('1', '10', 'Z', 'ü'),
    fc.constantFrom('.jpg', '.PNG', '.txt', ''),
  )
  .map(([top, below, stem, end]) => [top, ...below, `${stem}.f${end}`].join('/'));
property(
  'folders of pictures: classes and order of a plain model of ImageFolder',
  [fc.uniqueArray(path, { minLength: 1, maxLength: 12 })],
  async (paths, t) => {
    const folder = join(t.base, String(t.count++));
    for (const one of paths) {
      await mkdir(dirname(join(folder, one)), { recursive: true });
      await writeFile(join(folder, one), '');
    }
    const byPoints = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)); // UTF-8 sorts as code points do
    const names = [...new Set(paths.map((one) => one.split('/')[0]))].sort(byPoints);
    const samples = names.flatMap((top, label) => {
      const mine = paths.filter((one) => one.startsWith(`${top}/`) && /\.(?:jpg|png)$/i.test(one));
      const parents = [...new Set(mine.map(dirname))].sort(byPoints);
      return parents
        .flatMap((parent) => mine.filter((one) => dirname(one) === parent).sort(byPoints))
        .map((file) => ({ file, label }));
    });
    const found = await readImageFolder(folder);
    assert.deepEqual([found.classes, found.samples], [names, samples]);
    await rm(folder, { recursive: true });
  },
  { runs: 150, before: async (t) => ({ base: await scratch(t), count: 0 }) },
);
