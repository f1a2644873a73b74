// `resnet50-wasm verify`: agreement, causes of differences and exit status, over a stand-in for the core; then the causes that need
// pictures, with the bundled ten classes and the compiled core.
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { formatReference } from '../support/npz.mjs';
import { coreMissing, fakeImage, fakePackage, importSource, ROOT, run, scratch, writeVariant } from './helpers.mjs';

const CLASSES = 4;
/** What the stand-in says of a pixel. */
const rowOf = (pixel) => Array.from({ length: CLASSES }, (_, i) => (i === pixel % CLASSES ? 5 : i / 100));

/** @param pixels of the pictures 0.jpg, 1.jpg... */
async function setUp(t, pixels) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  await writeVariant(home, 'MINE', { classes: CLASSES });
  const names = pixels.map((_, i) => `sub/${i}.jpg`);
  await mkdir(join(home, 'photos', 'sub'), { recursive: true });
  for (const [i, pixel] of pixels.entries()) await writeFile(join(home, 'photos', names[i]), fakeImage(pixel));
  const verify = async (rows, args = ['--images', join(home, 'photos')]) => {
    const file = join(home, 'reference.npz');
    await writeFile(file, formatReference(names, rows));
    const command = ['verify', '--reference', file, '--weights', join(home, 'MINE'), ...args];
    const result = await run(process.execPath, [join(folder, 'dist', 'cli.js'), ...command]);
    return { ...result, facts: args.includes('--json') ? JSON.parse(result.stdout || '{}') : undefined };
  };
  const json = (rows) => verify(rows, ['--json', '--images', join(home, 'photos')]);
  return { verify, json, home, names };
}

const PIXELS = [0, 1, 2, 3, 0, 1, 2, 3, 2];

test('the same logits agree: status 0', async (t) => {
  const { verify, json } = await setUp(t, PIXELS);
  const rows = PIXELS.map(rowOf);
  const { status, facts, stderr } = await json(rows);
  assert.equal(status, 0, stderr);
  const { agreed, agreement, pictures, classes, causes, largestDifference } = facts;
  assert.deepEqual([agreed, agreement, pictures, classes, causes], [true, 100, 9, 4, []]);
  assert.ok(largestDifference < 1e-6);
  assert.match((await verify(rows)).stdout, /same class +100\.00% of 9 pictures[\s\S]*verdict: agreed/);
});

test('classes in another order are recognized', async (t) => {
  const { verify, json } = await setUp(t, PIXELS);
  const rows = PIXELS.map((pixel) => [2, 0, 1, 3].map((k) => rowOf(pixel)[k]));
  const { status, facts } = await json(rows);
  assert.equal(status, 1);
  const [{ cause, what }] = facts.causes;
  assert.deepEqual([facts.agreed, cause], [false, 'class order']);
  assert.match(what, /its class 0 is our 2, its class 1 is our 0, its class 2 is our 1\)/);
  assert.match((await verify(rows)).stdout, /verdict: not agreed\n {2}likely cause: class order/);
});

test('another network is another checkpoint; one picture alone is that picture', async (t) => {
  const { json } = await setUp(t, PIXELS);
  const other = await json(
    PIXELS.map((_, i) => Array.from({ length: CLASSES }, (_, k) => Math.sin(7 * i + 3 * k * k) * 3)),
  );
  assert.deepEqual([other.status, other.facts.causes[0].cause], [1, 'checkpoint']);
  assert.match(other.facts.causes[0].remedy, /model\.eval\(\)/);
  const one = await json(PIXELS.map((pixel, i) => rowOf(i === 4 ? 3 : pixel)));
  assert.deepEqual([one.status, one.facts.causes[0].cause], [1, 'picture']);
  assert.match(one.facts.causes[0].what, /1 of 9 pictures differ and the others agree: sub\/4\.jpg/);
  const { file, ours, theirs } = one.facts.worst[0];
  assert.deepEqual([file, ours, theirs], ['sub/4.jpg', 'label 0', 'label 3']);
});

test('a picture that cannot be read: the others are compared, status 1', async (t) => {
  const { json, home, names } = await setUp(t, PIXELS);
  await writeFile(join(home, 'photos', names[3]), 'text');
  const { status, facts } = await json(PIXELS.map(rowOf));
  assert.deepEqual([status, facts.agreed, facts.pictures, facts.failed[0].file], [1, true, 8, names[3]]);
});

test('more pictures that cannot be read than can: no cause is named', async (t) => {
  const { verify, json, home, names } = await setUp(t, PIXELS);
  const rows = PIXELS.map((_, i) => Array.from({ length: CLASSES }, (_, k) => Math.sin(7 * i + 3 * k * k) * 3));
  for (const name of names.slice(0, 5)) await writeFile(join(home, 'photos', name), 'text');
  const { status, facts } = await json(rows);
  assert.deepEqual([status, facts.agreed, facts.causes, facts.failed.length], [1, false, [], 5]);
  const { stdout } = await verify(rows);
  assert.match(stdout, /5 pictures could not be read, more than could: no cause of differences was looked for/);
  assert.doesNotMatch(stdout, /likely cause/);
});

test('what cannot be compared is refused in one sentence', async (t) => {
  const { verify, home } = await setUp(t, PIXELS);
  const rows = PIXELS.map(rowOf);
  for (const [args, given, code, message] of [
    [
      ['--images', join(home, 'none')],
      rows,
      1,
      /names pictures such as sub\/0\.jpg, which are not in .*none: name their folder/,
    ],
    [
      ['--images', join(home, 'photos')],
      rows.map((row) => row.slice(1)),
      1,
      /3 logits per picture, but the network has 4 classes/,
    ],
    [['photo.jpg'], rows, 2, /--reference/],
  ]) {
    const { status, stdout, stderr } = await verify(given, args);
    assert.deepEqual([status, stdout], [code, ''], stderr);
    assert.match(stderr, message);
  }
});

describe('causes', async () => {
  const { changesFrom, findChanges } = await importSource('convert/causes.ts');
  const transforms = { resizeSize: 232, cropSize: 224, interpolation: 'bilinear', antialias: true };
  const start = {
    orientation: 'exif',
    swapped: false,
    transforms: { ...transforms, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  };

  test('no change leads to where one is already', () => {
    for (const { setting } of changesFrom(start)) assert.notDeepEqual(setting, start);
    assert.equal(new Set(changesFrom(start).map(({ what }) => what)).size, changesFrom(start).length);
  });

  test('two causes are found one after the other, and nothing is found where nothing helps', async () => {
    const differenceWith = async ({ orientation, transforms }) =>
      0.001 + (orientation === 'exif' ? 0.1 : 0) + (transforms.resizeSize === 256 ? 0 : 0.3);
    const { changes, before, after } = await findChanges(start, differenceWith, 0.01);
    assert.deepEqual(
      changes.map(({ cause }) => cause),
      ['transform', 'EXIF'],
    );
    assert.deepEqual([before > 0.4, after], [true, 0.001]);
    assert.deepEqual((await findChanges(start, async () => 0.5, 0.01)).changes, []);
  });
});

describe('with the compiled core', { skip: coreMissing() }, () => {
  let ResNet50;
  before(async () => {
    ({ ResNet50 } = await import('../../dist/index.node.js'));
  });

  /** verify, against what the network itself says when it is asked in another way. */
  async function verifyAgainst(t, options, tensorOf) {
    const folder = await scratch(t);
    const pictures = join(ROOT, 'tests', 'data', 'pictures');
    for (const name of (await readdir(pictures)).filter((name) => /\.(jpg|png|bmp)$/.test(name)))
      await copyFile(join(pictures, name), join(folder, name));
    await copyFile(join(ROOT, 'tests', 'data', 'image', 'jpeg-orientation6.jpg'), join(folder, 'turned.jpg'));
    const names = (await readdir(folder)).sort();
    const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', threads: 1 });
    const rows = [];
    for (const name of names) {
      const path = join(folder, name);
      rows.push(await (tensorOf ? model.logits(tensorOf(await model.preprocess(path))) : model.logits(path, options)));
    }
    await model.dispose();
    const file = join(folder, 'reference.npz');
    await writeFile(file, formatReference(names, rows));
    const args = ['verify', '--reference', file, '--weights', 'CIFAR10_DEMO', '--json', '--threads', '1'];
    const { status, stdout, stderr } = await run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], {
      timeout: 120_000,
    });
    assert.notEqual(stdout, '', stderr);
    return { status, ...JSON.parse(stdout) };
  }
  const bgr = ({ tensor, shape }) => {
    const size = tensor.length / 3;
    const [mean, std] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ];
    const value = (k, i) => tensor[k * size + i] * std[k] + mean[k];
    const swapped = tensor.map((_, at) => {
      const k = Math.floor(at / size);
      return (value(2 - k, at % size) - mean[k]) / std[k];
    });
    return { tensor: swapped, shape };
  };

  const CASES = {
    'the same': [{}, undefined, []],
    'another size': [{ transforms: { resizeSize: 64 } }, undefined, ['transform: the reference resizes to 64']],
    bicubic: [{ transforms: { interpolation: 'bicubic' } }, undefined, ['transform: the reference resizes bicubic']],
    'EXIF ignored': [{ orientation: 'none' }, undefined, ['EXIF: the reference leaves photos as they are stored']],
    'size and EXIF': [
      { orientation: 'none', transforms: { resizeSize: 64 } },
      undefined,
      ['EXIF: the reference leaves', 'transform: the reference resizes to 64'],
    ],
    BGR: [{}, bgr, ['transform: the reference gives channels as BGR']],
  };
  for (const [name, [options, tensorOf, expected]] of Object.entries(CASES)) {
    test(`${name}: ${expected.length === 0 ? 'agreed' : 'the cause is found'}`, async (t) => {
      const { status, agreed, causes } = await verifyAgainst(t, options, tensorOf);
      const found = causes.map(({ cause, what }) => `${cause}: ${what}`).sort();
      assert.deepEqual(
        [status, agreed, found.length],
        [expected.length && 1, expected.length === 0, expected.length],
        found.join(),
      );
      for (const [i, beginning] of expected.entries()) assert.ok(found[i].startsWith(beginning), found[i]);
    });
  }
});
