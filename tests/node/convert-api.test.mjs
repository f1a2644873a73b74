// `convert` of resnet50-wasm/convert in Node.js: the command line's bytes, the weights in a model, aborts, refusals.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { randomCheckpoint } from '../browser/pages/random-checkpoint.mjs';
import { listShapes, ShapeMaker } from '../support/checkpoint-shapes.mjs';
import { coreMissing, ROOT, scratch } from './helpers.mjs';

const LIMIT = { timeout: 600_000 };
const skip = coreMissing();
const PICTURES = join(ROOT, 'tests', 'data', 'pictures');
const picture = (name) => join(PICTURES, name);
/** As little work as a conversion to int8 can be. */
const QUICK = { calibrationImages: 1, matching: false, compensation: false };
const QUICK_ARGS = ['--calibration-images', '1', '--no-matching', '--no-compensation'];
const LABELS = ['cat', 'dog', 'bird'];

const api = () => import('../../dist/convert.node.js');
const { ResNet50 } = skip ? {} : await import('../../dist/index.node.js');

/** Runs Node.js; resolves to its status and what it said. */
function node(args, options = {}) {
  const child = spawn(process.execPath, args, { cwd: ROOT, ...options });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, said })));
}

/** The files of a folder by name. */
async function filesIn(folder) {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))]));
}

/** Fails where the API's files are not those of the command line, byte for byte. */
function assertSame(files, expected) {
  assert.deepEqual(
    [...files.keys()].sort(),
    expected.map(([name]) => name),
  );
  for (const [name, bytes] of expected) assert.ok(bytes.equals(files.get(name)), `${name} differs`);
}

const rejection = (promise) =>
  promise.then(
    () => assert.fail('it was taken'),
    ({ name, code, message }) => ({ name, code, message }),
  );

describe('convert', { skip }, () => {
  let folder;
  let checkpoint;
  let made;
  const events = { progress: [], recognized: [], warnings: [] };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-convert-'));
    checkpoint = join(folder, 'random.safetensors');
    await writeFile(checkpoint, randomCheckpoint(LABELS.length));
    const { convert } = await api();
    made = await convert(checkpoint, {
      ...{ ...QUICK, transforms: 'V1', labels: LABELS, threads: 2 },
      evaluate: [picture('clock.jpg'), await readFile(picture('golf-ball.jpg')), join(ROOT, 'package.json')],
      onProgress: (progress) => events.progress.push(progress),
      onRecognized: (network) => events.recognized.push(network),
      onWarning: (message) => events.warnings.push(message),
    });
  }, LIMIT);

  after(() => rm(folder, { recursive: true, force: true }));

  test('gives the bytes of the command line, whatever the checkpoint is given as', LIMIT, async () => {
    const { convert } = await api();
    const out = join(folder, 'by-command');
    const labels = join(folder, 'labels.txt');
    await writeFile(labels, LABELS.join('\n'));
    const args = ['convert', checkpoint, '--name', 'random', '--out', out, '--transforms', 'V1', '--labels', labels];
    const { status, said } = await node(['dist/cli.js', ...args, ...QUICK_ARGS, '--threads', '1']);
    assert.equal(status, 0, said);
    const expected = await filesIn(out);
    assertSame(made.files, expected);
    const file = new File([await readFile(checkpoint)], 'random.safetensors');
    const again = await convert(file, { ...QUICK, transforms: 'V1', labels: new Blob([LABELS.join('\n')]) });
    assertSame(again.files, expected);
  });

  test('tells what it does, what it understood and how int8 compares', () => {
    const { manifest, recognized, report } = made;
    assert.equal(manifest.name, 'random');
    assert.deepEqual(
      manifest.categories.map(({ label }) => label),
      LABELS,
    );
    assert.equal(recognized.naming, 'torchvision');
    assert.deepEqual(events.recognized, [recognized]);
    const phases = [...new Set(events.progress.map(({ phase }) => phase))];
    assert.deepEqual(phases, ['read', 'calibrate', 'observe', 'quantize', 'write-int8', 'evaluate']);
    const fractions = events.progress.map(({ fraction }) => fraction);
    assert.deepEqual(
      fractions,
      fractions.toSorted((a, b) => a - b),
    );
    assert.equal(fractions.at(-1), 1);
    assert.deepEqual(
      report.photos.map(({ name }) => name),
      ['clock.jpg', 'evaluate[1]'],
    );
    for (const { guesses, milliseconds, difference } of report.photos) {
      for (const precision of ['int8', 'f32']) {
        assert.equal(guesses[precision].length, LABELS.length);
        const sum = guesses[precision].reduce((total, { score }) => total + score, 0);
        assert.ok(Math.abs(sum - 1) < 1e-6, `scores add up to ${sum}`);
        assert.ok(milliseconds[precision] > 0);
      }
      assert.ok(difference < 0.2, `scores differ by ${difference}`);
    }
    assert.equal(report.measured, undefined, 'no photo is labeled');
    assert.equal(events.warnings.length, 1);
    assert.match(events.warnings[0], /^left out of the evaluation: .*package\.json/);
  });

  test('load takes the result, and checks it as any other weights', LIMIT, async () => {
    const model = await ResNet50.load({ weights: made });
    const guesses = await model.classify(picture('clock.jpg'));
    assert.deepEqual(guesses.map(({ label }) => label).sort(), LABELS.toSorted());
    const inConverter = made.report.photos[0].guesses.int8;
    assert.equal(guesses[0].label, inConverter[0].label);
    assert.ok(Math.abs(guesses[0].score - inConverter[0].score) < 0.02);
    assert.equal(model.info().weights, 'random');
    await model.dispose();

    const [shard] = [...made.files.keys()].filter((name) => name !== 'manifest.json');
    const changed = made.files.get(shard).slice();
    changed[changed.length - 1] ^= 1;
    const damaged = Object.fromEntries(made.files);
    damaged[shard] = changed;
    const load = (files) => rejection(ResNet50.load({ weights: { files } }));
    assert.equal((await load(damaged)).code, 'WEIGHTS_HASH_MISMATCH');
    delete damaged[shard];
    assert.deepEqual(await load(damaged), {
      ...{ name: 'ResNet50Error', code: 'WEIGHTS_NOT_FOUND' },
      message: `the files given as weights lack ${shard}: give all of the variant`,
    });
    assert.equal((await load({ 'manifest.json': 'text' })).code, 'INVALID_ARGUMENT');
  });

  test('labeled photos give accuracy, as the manifest has it', LIMIT, async () => {
    const { convert } = await api();
    const { manifest, report } = await convert(checkpoint, {
      ...{ ...QUICK, transforms: { resizeSize: 224, cropSize: 224 }, labels: LABELS },
      calibrate: [picture('clock.jpg')],
      evaluate: [
        { image: picture('clock.jpg'), label: 'dog' },
        { image: picture('golf-ball.jpg'), label: 0 },
      ],
    });
    assert.equal(report.measured.int8.images, 2);
    assert.deepEqual(manifest.quantization.measured, report.measured);
    assert.deepEqual(manifest.calibration, { images: 1, kind: 'photos' });
  });

  test('an abort ends it at once, and lets the process go', LIMIT, async () => {
    const script = `
      import { convert } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist', 'convert.node.js')).href)};
      const stop = new AbortController();
      const begun = { at: 0 };
      const onProgress = ({ phase }) => {
        if (phase !== 'observe' || begun.at > 0) return;
        begun.at = performance.now();
        setTimeout(() => stop.abort(new Error('enough')), 20);
      };
      try {
        await convert(process.argv[1], { transforms: 'V1', calibrationImages: 16, matching: false, signal: stop.signal, onProgress });
      } catch (error) {
        console.log(error.message, performance.now() - begun.at < 10_000);
      }`;
    const { status, said } = await node(['--input-type=module', '--eval', script, '--', checkpoint], {
      timeout: 300_000,
    });
    assert.deepEqual({ status, said: said.trim() }, { status: 0, said: 'enough true' });
  });

  test('refuses what it cannot do, with a reason', LIMIT, async () => {
    const { convert } = await api();
    const refused = (given, options) => rejection(convert(given, options));
    const cases = [
      [checkpoint, {}, 'INVALID_ARGUMENT', /^transforms must say how pictures were prepared.*'V1'/],
      [checkpoint, { transform: 'V1' }, 'INVALID_ARGUMENT', /transform is no option.*transforms/],
      [checkpoint, { transforms: 'V3' }, 'INVALID_ARGUMENT', /^transforms must be 'V1'/],
      [checkpoint, { transforms: 'V1', name: 'a/b' }, 'INVALID_ARGUMENT', /^name must be/],
      [checkpoint, { transforms: 'V1', precision: 'f32', evaluate: [] }, 'INVALID_ARGUMENT', /^evaluate/],
      [checkpoint, { transforms: 'V1', labels: ['one'] }, 'INVALID_ARGUMENT', /^labels has 1 names.*3 classes/],
      [checkpoint, { transforms: 'V1', noHead: true, labels: LABELS }, 'INVALID_ARGUMENT', /^labels has no use here/],
      [join(folder, 'absent.pth'), { transforms: 'V1' }, 'FILE_NOT_FOUND', /absent\.pth/],
      [new Blob(['no checkpoint at all']), { transforms: 'V1' }, 'CHECKPOINT_FORMAT', /checkpoint/],
      [new Blob(['{"weight_map": {}}']), { transforms: 'V1' }, 'CHECKPOINT_FORMAT', /only lists the parts/],
      [42, { transforms: 'V1' }, 'UNSUPPORTED_INPUT', /42|number/],
    ];
    for (const [given, options, code, message] of cases) {
      const found = await refused(given, options);
      assert.equal(found.code, code, JSON.stringify(found));
      assert.match(found.message, message);
    }
    const signal = AbortSignal.abort(new Error('no more'));
    assert.equal((await refused(checkpoint, { transforms: 'V1', signal })).message, 'no more');
  });
});

const shapes = listShapes();

test('the command line’s bytes of PyTorch’s own files', {
  ...LIMIT,
  skip: skip || (shapes === undefined && "Debian's python3-torchvision is not installed"),
}, async (t) => {
  const { convert } = await api();
  const folder = await scratch(t);
  const maker = new ShapeMaker(folder);
  t.after(() => maker.close());
  for (const name of ['plain', 'legacy_stream', 'lightning']) {
    const { file, args } = await maker.make(name);
    assert.deepEqual(args, [], name);
    const out = join(folder, name);
    const flags = ['--name', 'shape', '--out', out, '--transforms', 'V2', '--precision', 'f32', '--compress', 'none'];
    const { status, said } = await node(['dist/cli.js', 'convert', file, ...flags]);
    assert.equal(status, 0, said);
    const made = await convert(file, { name: 'shape', transforms: 'V2', precision: 'f32', compress: 'none' });
    assertSame(made.files, await filesIn(out));
  }
});
