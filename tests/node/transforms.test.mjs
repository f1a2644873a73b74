// Preprocessing on the command line, over a stand-in for the core: asked for, taken from configs, shown, overridden.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { coreMissing, fakeImage, fakePackage, run, scratch, writeVariant } from './helpers.mjs';

const checkpoint = (classes) => `CKPT${JSON.stringify({ classes })}`;

async function setUp(t, classes = 3) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  const at = (name) => join(home, name);
  await writeFile(at('mine.pth'), checkpoint(classes));
  const cli = (...args) =>
    run(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], {
      env: { XDG_CACHE_HOME: at('cache'), RESNET50_WEIGHTS_DIR: at('weights') },
    });
  const convert = (...args) =>
    cli('convert', at('mine.pth'), '--name', 'flowers', '--out', at('weights/flowers'), ...args);
  const manifest = async (name = 'flowers') => JSON.parse(await readFile(at(`weights/${name}/manifest.json`), 'utf8'));
  return { cli, convert, manifest, at };
}
const shape = ({ transforms: { resizeSize, cropSize, interpolation } }) => [resizeSize, cropSize, interpolation];

test('for a name of one’s own, convert asks how pictures were prepared, showing both presets', async (t) => {
  const { convert, at } = await setUp(t);
  for (const args of [[], ['--crop', '224'], ['--mean', '0,0,0', '--std', '1,1,1'], ['--interpolation', 'bicubic']]) {
    const { status, stdout, stderr } = await convert(...args);
    assert.deepEqual([status, stdout], [2, ''], stderr);
    assert.match(stderr, /--transforms V1 \(resize 256, crop 224\), --transforms V2 \(resize 232, crop 224\)/);
    assert.match(stderr, /--resize N --crop N; most training scripts use V1, and V2 belongs to .*\n$/);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  }
  assert.deepEqual(await readdir(at('')), ['mine.pth'], 'nothing was written');
  const small = await convert('--resize', '128');
  assert.deepEqual([small.status, /--resize 128: give --crop too/.test(small.stderr)], [2, true]);
  assert.equal((await convert('--transforms', 'V3')).status, 2);
});

test('presets and options, shown in the closing line', async (t) => {
  const { convert, manifest } = await setUp(t);
  const cases = [
    [
      ['--transforms', 'V1'],
      [256, 224, 'bilinear'],
      /transforms: resize 256, crop 224, bilinear, .* \(torchvision's V1\)/,
    ],
    [['--transforms', 'V2'], [232, 224, 'bilinear'], /\(torchvision's V2\)/],
    [['--resize', '256'], [256, 224, 'bilinear'], /\(from options\)/],
    [['--resize', '128', '--crop', '112'], [128, 112, 'bilinear'], /resize 128, crop 112, .* \(from options\)/],
    [
      ['--transforms', 'V1', '--interpolation', 'bicubic', '--crop', '248'],
      [256, 248, 'bicubic'],
      /resize 256, crop 248, bicubic, mean 0\.485 0\.456 0\.406, std 0\.229 0\.224 0\.225 \(torchvision's V1, with options\)/,
    ],
  ];
  for (const [args, expected, line] of cases) {
    const { status, stderr } = await convert(...args);
    assert.equal(status, 0, stderr);
    assert.deepEqual(shape(await manifest()), expected);
    assert.match(stderr.trimEnd().split('\n').at(-1), line);
  }
});

test('names of the registry bring their own; --transforms goes first', async (t) => {
  const { cli, at, manifest } = await setUp(t);
  const convert = (...args) =>
    cli('convert', at('mine.pth'), '--name', 'IMAGENET1K_V1', '--out', at('weights/IMAGENET1K_V1'), ...args);
  const plain = await convert();
  assert.match(plain.stderr, /resize 256, crop 224, .* \(those of IMAGENET1K_V1\)/);
  assert.deepEqual(shape(await manifest('IMAGENET1K_V1')), [256, 224, 'bilinear']);
  assert.equal((await convert('--transforms', 'V2')).status, 0);
  assert.deepEqual(shape(await manifest('IMAGENET1K_V1')), [232, 224, 'bilinear']);
});

test('a config beside the checkpoint is followed and named; options go first', async (t) => {
  const { convert, manifest, at } = await setUp(t);
  const timm = {
    architecture: 'resnet50',
    pretrained_cfg: { input_size: [3, 288, 288], crop_pct: 0.96, mean: [0.5, 0.5, 0.5] },
  };
  await writeFile(at('config.json'), JSON.stringify(timm));
  const own = await convert();
  assert.equal(own.status, 0, own.stderr);
  assert.match(own.stderr, /resize 300, crop 288, bicubic, mean 0\.5 0\.5 0\.5, .* \(from config\.json\)/);
  assert.deepEqual(shape(await manifest()), [300, 288, 'bicubic']);
  const overridden = await convert('--resize', '320');
  assert.match(overridden.stderr, /resize 320, crop 288, bicubic, mean 0\.5 .* \(from config\.json, with options\)/);
  assert.equal((await convert('--transforms', 'V1')).status, 0);
  assert.deepEqual([...shape(await manifest()), (await manifest()).transforms.mean[0]], [256, 224, 'bilinear', 0.485]);

  await writeFile(at('preprocessor_config.json'), '{"size":{"height":224,"width":224}}');
  const refused = await convert();
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /preprocessor_config\.json: squeezes .*: give --transforms, or --resize and --crop, instead\n$/,
  );
  assert.equal((await convert('--transforms', 'V2')).status, 0, 'not asked then');
});

test('activations: by option, by config, by the number of classes; shown, and kept in the manifest', async (t) => {
  const { convert, manifest, at } = await setUp(t);
  const activation = async (...args) => {
    const { status, stderr } = await convert('--transforms', 'V1', ...args);
    assert.equal(status, 0, stderr);
    const [, shown] = /; scores: (\w+); /.exec(stderr);
    assert.equal((await manifest()).activation, shown);
    return shown;
  };
  assert.equal(await activation(), 'softmax');
  assert.equal(await activation('--activation', 'sigmoid'), 'sigmoid');
  await writeFile(at('config.json'), '{"problem_type":"multi_label_classification"}');
  assert.equal(await activation(), 'sigmoid');
  assert.equal(await activation('--activation', 'none'), 'none');
  await writeFile(at('mine.pth'), checkpoint(1));
  await writeFile(at('config.json'), '{');
  assert.equal(await activation(), 'sigmoid');
  assert.equal(await activation('--activation', 'softmax'), 'softmax');
});

test('one logit: one name, and evaluation between two classes', async (t) => {
  const { convert, manifest, at, cli } = await setUp(t, 1);
  await writeFile(at('two.txt'), 'no\nyes\n');
  await writeFile(at('one.txt'), 'yes\n');
  const two = await convert('--transforms', 'V1', '--labels', at('two.txt'));
  assert.equal(two.status, 1);
  assert.match(two.stderr, /two\.txt has 2 names, but .* one logit, .* the second class: give only that name\n$/);
  // The stand-in's logit is 5 for everything, and negative over 1000.
  for (const [name, pixels] of Object.entries({ no: [1001], yes: [1, 2, 1002] })) {
    await mkdir(at(`labeled/${name}`), { recursive: true });
    for (const pixel of pixels) await writeFile(at(`labeled/${name}/${pixel}.jpg`), fakeImage(pixel));
  }
  const done = await convert('--transforms', 'V1', '--labels', at('one.txt'), '--evaluate', at('labeled'));
  assert.equal(done.status, 0, done.stderr);
  const { int8 } = (await manifest()).quantization.measured;
  assert.deepEqual([int8.images, int8.top1, int8.top5], [4, 75, 100]);
  const { stdout } = await cli('classify', at('labeled/yes/1.jpg'), '--weights', 'flowers');
  assert.match(stdout, /yes +99\.3%/);
});

test('--evaluate says with which transforms it measured', async (t) => {
  const { convert, at } = await setUp(t);
  for (const pixel of [0, 1, 2]) {
    await mkdir(at(`labeled/${pixel}`), { recursive: true });
    await writeFile(at(`labeled/${pixel}/${pixel}.jpg`), fakeImage(pixel));
  }
  const { stderr } = await convert('--resize', '256', '--evaluate', at('labeled'));
  assert.match(stderr, /on 3 photos \(resize 256, crop 224, bilinear, mean [^)]*\) 100 % top-1/);
});

test('classify, explain, embed, fit and info take --resize and the like', async (t) => {
  const { cli, at } = await setUp(t);
  await writeVariant(at('weights'), 'IMAGENET1K_V2');
  await writeFile(at('p.jpg'), fakeImage(1));
  const options = ['--resize', '256', '--crop', '192', '--interpolation', 'bicubic'];
  const facts = JSON.parse((await cli('info', '--weights', 'IMAGENET1K_V2', '--json', ...options)).stdout);
  assert.deepEqual(shape(facts), [256, 192, 'bicubic']);
  const table = await cli('info', '--weights', 'IMAGENET1K_V2', ...options);
  assert.match(table.stdout, /\ntransforms +resize 256, crop 192, bicubic, mean 0\.485 0\.456 0\.406, std 0\.229/);
  await mkdir(at('classes/a'), { recursive: true });
  const commands = [
    ['classify', at('p.jpg')],
    ['explain', at('p.jpg'), '--out', at('heat.png')],
    ['embed', at('p.jpg'), '--out', at('vectors.npy')],
  ];
  for (const command of commands) {
    const normalized = await cli(...command, ...options, '--mean', '0.5,0.5,0.5', '--std', '0.5 0.5 0.5');
    assert.equal(normalized.status, 0, normalized.stderr);
    assert.match(normalized.stderr, /was trained with mean \[0\.485.*normalized with mean \[0\.5, 0\.5, 0\.5\]/);
    const quiet = await cli(...command, ...options);
    assert.doesNotMatch(quiet.stderr, /was trained with/);
    const bad = await cli(...command, '--crop', '31');
    assert.deepEqual([bad.status, bad.stderr], [2, 'resnet50-wasm: --crop 31: must be a whole number, 32 to 4096\n']);
  }
  for (const [command] of [...commands, ['fit']]) {
    const { stdout } = await cli(command, '--help');
    for (const option of ['resize N', 'crop N', 'interpolation I', 'mean R,G,B', 'std R,G,B'])
      assert.match(stdout, new RegExp(`\n {6}--${option} +\\w`));
  }
});

test('load: overrides go on top of the head’s transforms', { skip: coreMissing() }, async (t) => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  t.mock.method(console, 'info', () => undefined);
  const head = {
    ...{ method: 'head', classes: ['a', 'b'], weights: null, precision: 'f32' },
    ...{ weight: new Float32Array(2 * 2048), bias: new Float32Array(2) },
    transforms: {
      ...{ resizeSize: 300, cropSize: 280, interpolation: 'bicubic', antialias: true },
      ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
  };
  const loaded = async (options) => {
    const model = await ResNet50.load({ weights: null, threads: 1, head, ...options });
    const info = model.info();
    await model.dispose();
    return info;
  };
  assert.deepEqual(shape(await loaded({})), [300, 280, 'bicubic']);
  assert.deepEqual(shape(await loaded({ transforms: { cropSize: 256, resizeSize: undefined } })), [
    300,
    256,
    'bicubic',
  ]);
  assert.equal((await loaded({})).activation, 'softmax');
  assert.equal((await loaded({ head: { ...head, activation: 'sigmoid' } })).activation, 'sigmoid');
  const one = { ...head, classes: ['a'], weight: new Float32Array(2048), bias: new Float32Array(1) };
  assert.equal((await loaded({ head: one })).activation, 'sigmoid', 'one class');
  assert.equal((await loaded({ head: { ...one, activation: 'softmax' } })).activation, 'softmax');
  const { weight: embeddings, bias: _, ...origin } = one;
  const votes = { ...origin, method: 'knn', embeddings, labels: Int32Array.of(0), k: 1 };
  assert.equal((await loaded({ head: votes })).activation, 'softmax', 'votes');
});
