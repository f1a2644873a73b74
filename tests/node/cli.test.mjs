// The command as a shell user sees it, over a stand-in for the core: output, errors in one line, exit status.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  fakeImage,
  fakePackage,
  importSource,
  ROOT,
  run,
  scratch,
  sendAndDrop,
  sendRange,
  serve,
  sha256,
  withDisk,
  writeVariant,
} from './helpers.mjs';

async function setUp(t) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  await writeVariant(join(home, 'weights'), 'IMAGENET1K_V2');
  for (const pixel of [1, 2]) await writeFile(join(home, `p${pixel}.jpg`), fakeImage(pixel));
  await writeFile(join(home, 'notes.txt'), 'text');
  const env = { XDG_CACHE_HOME: join(home, 'cache'), RESNET50_WEIGHTS_DIR: join(home, 'weights') };
  const cli = (args, options = {}) =>
    run(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], { ...options, env: { ...env, ...options.env } });
  return { cli, home, at: (name) => join(home, name) };
}

test('help and version', async (t) => {
  const { cli } = await setUp(t);
  assert.deepEqual([(await cli(['--version'])).stdout, (await cli(['--help'])).status], ['0.1.0\n', 0]);
  for (const command of ['classify', 'convert', 'evaluate', 'verify', 'weights', 'info']) {
    const { status, stdout } = await cli([command, '--help']);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Usage: resnet50-wasm ${command}`));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 120, line);
  }
});

test('a mistake in the command: one sentence on standard error, status 2', async (t) => {
  const { cli } = await setUp(t);
  const cases = [
    [[], /give a command/],
    [['clasify'], /no command 'clasify'/],
    [['constructor'], /no command/],
    [['classify', '--top', '3'], /--top/],
    [['classify', 'x', '--top-k', '0'], /--top-k 0/],
    [['classify', 'x', '--top-k', ''], /--top-k/],
    [['classify', 'x', '--threshold', '1.5'], /--threshold 1\.5/],
    [['classify', 'x', '--precision', 'int4'], /int8, f32/],
    [['classify', 'x', '--json', '--ndjson'], /exclude/],
    [['convert'], /CHECKPOINT/],
    [['convert', 'a.pth'], /--name and --out/],
    [['convert', 'a.pth', '--name', '../x', '--out', 'y'], /--name/],
    [['convert', 'a.pth', '--name', 'x', '--out', 'y', '--mean', '1,2'], /three numbers/],
    [['convert', 'a.pth', '--name', 'x', '--out', 'y', '--activation', 'relu'], /softmax, sigmoid, none/],
    [['evaluate'], /name one DIR/],
    [['evaluate', 'a', 'b'], /name one DIR/],
    [['verify'], /--reference/],
    [['weights', 'IMAGENET1K_V7'], /IMAGENET1K_V1, IMAGENET1K_V2/],
    [['classify', 'x', '--background', 'white'], /--background white: must be a color such as ffffff/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = await cli(args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});

test('labels with percentages, one block a file; a bad file does not stop the others', async (t) => {
  const { cli, at } = await setUp(t);
  const { status, stdout, stderr } = await cli(['classify', at('p1.jpg'), at('notes.txt'), at('p2.jpg'), '-k', '2']);
  assert.equal(status, 1);
  assert.equal(
    stdout,
    `${at('p1.jpg')}\n  label 1   98.0%\n  label 3    0.7%\n\n${at('p2.jpg')}\n  label 2   98.0%\n  label 3    0.7%\n`,
  );
  assert.match(stderr, /^resnet50-wasm: .*notes\.txt.*\n$/);
});

test('json and ndjson, with errors in their places', async (t) => {
  const { cli, at } = await setUp(t);
  const files = [at('p2.jpg'), at('notes.txt')];
  const { stdout } = await cli(['classify', '--json', ...files]);
  const [good, bad] = JSON.parse(stdout);
  assert.deepEqual([good.file, good.classes.length, good.classes[0].wnid], [files[0], 4, 'n00000002']);
  assert.deepEqual([bad.file, bad.error.code], [files[1], 'NOT_AN_IMAGE']);
  const lines = (await cli(['classify', '--ndjson', ...files])).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines, [good, bad]);
});

test('names and bytes from standard input', async (t) => {
  const { cli, at } = await setUp(t);
  const names = await cli(['classify', '-k', '1'], { input: `${at('p1.jpg')}\n${at('p2.jpg')}\n` });
  assert.deepEqual([names.status, names.stdout.match(/label \d/g)], [0, ['label 1', 'label 2']]);
  const bytes = await cli(['classify', '-', '-k', '1'], { input: fakeImage(3) });
  assert.match(bytes.stdout, /^-\n {2}label 3/);
  assert.equal((await cli(['classify'], { input: '' })).stdout, '');
});

test('missing weights name the command that gets them; unknown ones list what exists', async (t) => {
  const { cli, at } = await setUp(t);
  const missing = await cli(['classify', at('p1.jpg'), '--weights', 'IMAGENET1K_V1']);
  assert.deepEqual([missing.status, missing.stdout], [1, '']);
  assert.match(missing.stderr, /npx resnet50-wasm weights IMAGENET1K_V1/);
  assert.match(
    (await cli(['classify', 'x', '--weights', 'ResNet50_Weights.V3'])).stderr,
    /IMAGENET1K_V1, IMAGENET1K_V2/,
  );
});

/** How pictures are prepared: needed for names of one's own. */
const V1 = ['--transforms', 'V1'];
const checkpoint = (classes, recognized = {}) => Buffer.from(`CKPT${JSON.stringify({ classes, recognized })}`);

async function readAll(folder) {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => [name, sha256(await readFile(join(folder, name)))]));
}

test('convert: shards and manifest, the same bytes each time, ready to load', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('mine.pth'), checkpoint(3));
  await writeFile(at('labels.txt'), 'daisy\nrose\ntulip\n');
  const options = ['--name', 'flowers', '--labels', at('labels.txt'), '--resize', '256', '--precision', 'both'];
  const first = await cli(['convert', at('mine.pth'), '--out', at('weights/flowers'), ...options]);
  assert.equal(first.status, 0, first.stderr);
  const manifest = JSON.parse(await readFile(at('weights/flowers/manifest.json'), 'utf8'));
  assert.deepEqual(manifest.categories, [{ label: 'daisy' }, { label: 'rose' }, { label: 'tulip' }]);
  assert.deepEqual([manifest.transforms.resizeSize, manifest.calibration], [256, { images: 64, kind: 'generated' }]);
  assert.deepEqual(manifest.source, { file: 'mine.pth', sha256: sha256(checkpoint(3)) });
  await cli(['convert', at('mine.pth'), '--out', at('again'), ...options]);
  assert.deepEqual(await readAll(at('again')), await readAll(at('weights/flowers')));
  assert.deepEqual((await readdir(at('again'))).length, 5);
  const { stdout } = await cli(['classify', at('p1.jpg'), '--weights', 'flowers', '-k', '1']);
  assert.match(stdout, /rose/);
  const replaced = await cli(['convert', at('mine.pth'), '--out', at('again'), '--name', 'flowers', ...V1]);
  assert.equal(replaced.status, 0);
  assert.equal((await readdir(at('again'))).length, 3, 'the old variant is gone');
});

test('convert: the closing line says what was understood; other networks and modules have lines of their own', async (t) => {
  const { cli, at } = await setUp(t);
  const recognized = { naming: 'MMPretrain', prefix: 'a.backbone.', head: 'head.fc', headNorm: 'head.bn', key: 'a' };
  await writeFile(at('mine.pth'), checkpoint(3, { ...recognized, others: ['ema', 'b'], leftOut: ['neck', 'loss'] }));
  const { status, stderr } = await cli(['convert', at('mine.pth'), '--name', 'mine', '--out', at('out'), ...V1]);
  assert.equal(status, 0, stderr);
  assert.match(
    stderr,
    /^resnet50-wasm: took the network 'a' of the checkpoint; --state-dict takes 'ema', 'b' instead$/m,
  );
  assert.match(stderr, /^resnet50-wasm: left out what is no part of the network: neck, loss$/m);
  const closing = stderr.trim().split('\n').at(-1);
  const understood =
    "names of MMPretrain after 'a.backbone.', classifier head.fc with head.bn folded in, 3 classes; transforms: resize";
  assert.ok(closing.startsWith(`mine: ${understood}`), closing);
});

test('convert: a network without a classifier embeds, and refuses to classify by name until it is given a head', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('mine.pth'), checkpoint(1, { head: null }));
  await writeFile(at('labels.txt'), 'one\n');
  const convert = (...args) =>
    cli(['convert', at('mine.pth'), '--name', 'mine', '--out', at('weights/mine'), ...V1, ...args]);
  const { status, stderr } = await convert();
  assert.equal(status, 0, stderr);
  assert.match(stderr, /no classifier \(for embed and features\); transforms: resize/);
  const manifest = JSON.parse(await readFile(at('weights/mine/manifest.json'), 'utf8'));
  assert.deepEqual([manifest.head, manifest.categories], ['none', [{ label: 'no classifier' }]]);
  for (const option of [
    ['--labels', at('labels.txt')],
    ['--evaluate', at('.')],
  ]) {
    const refused = await convert(...option);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /has no use here: the checkpoint has no classifier/);
  }
  for (const command of ['classify', 'explain']) {
    const out = command === 'explain' ? ['--out', at('x.png')] : [];
    const refused = await cli([command, at('p1.jpg'), '--weights', 'mine', ...out]);
    assert.equal(refused.status, 1, command);
    assert.match(
      refused.stderr,
      /these weights have no classifier: use embed or features, or load a head that fit made/,
    );
  }
  const embedded = await cli(['embed', at('p1.jpg'), '--weights', 'mine', '--out', at('x.npy')]);
  assert.equal(embedded.status, 0, embedded.stderr);
});

test('convert: photos for calibration, bad ones left out', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('mine.pth'), checkpoint(3));
  await mkdir(at('photos/more'), { recursive: true });
  for (const name of ['a.jpg', 'more/b.png']) await writeFile(at(`photos/${name}`), fakeImage(1));
  await writeFile(at('photos/bad.jpg'), 'text');
  const { status, stderr } = await cli([
    'convert',
    at('mine.pth'),
    '--name',
    'x',
    '--out',
    at('out'),
    '--calibrate',
    at('photos'),
    ...V1,
  ]);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /left out of calibration: bad\.jpg/);
  assert.deepEqual(JSON.parse(await readFile(at('out/manifest.json'), 'utf8')).calibration, {
    images: 2,
    kind: 'photos',
  });
});

test('convert: labeled pictures measure int8 and f32, and the manifest tells; names come from JSON too', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('mine.pth'), checkpoint(3));
  await writeFile(at('names.json'), JSON.stringify(['daisy', { wnid: 'n1', label: 'rose' }, { label: 'tulip' }]));
  const pictures = { a: [0], b: [1], c: [2, 101] };
  for (const [name, pixels] of Object.entries(pictures)) {
    await mkdir(at(`labeled/${name}`), { recursive: true });
    for (const pixel of pixels) await writeFile(at(`labeled/${name}/${pixel}.jpg`), fakeImage(pixel));
  }
  const options = ['--name', 'flowers', '--labels', at('names.json'), '--evaluate', at('labeled'), ...V1];
  const { status, stderr } = await cli(['convert', at('mine.pth'), '--out', at('out'), ...options]);
  assert.equal(status, 0, stderr);
  const manifest = JSON.parse(await readFile(at('out/manifest.json'), 'utf8'));
  const { int8, f32 } = manifest.quantization.measured;
  assert.deepEqual([int8.images, int8.top1, int8.agreement, f32.top1], [4, 100, 75, 75]);
  assert.deepEqual(manifest.categories, [{ label: 'daisy' }, { wnid: 'n1', label: 'rose' }, { label: 'tulip' }]);

  for (const [content, message] of [
    ['{', /names\.json is not valid JSON/],
    ['{}', /names\.json must hold a JSON list of names/],
    ['["a", "", "c"]', /names\.json must hold a name for each class/],
  ]) {
    await writeFile(at('names.json'), content);
    const refused = await cli(['convert', at('mine.pth'), '--out', at('out'), ...options]);
    assert.deepEqual([refused.status, message.test(refused.stderr)], [1, true], refused.stderr);
  }
});

test('info: the engine, and the network that weights make, as a table and as JSON', async (t) => {
  const { cli, at } = await setUp(t);
  const table = await cli(['info']);
  assert.equal(table.status, 0, table.stderr);
  assert.match(table.stdout, /^version +0\.1\.0\nnode +v\d+/);
  const facts = JSON.parse((await cli(['info', '--weights', at('weights/IMAGENET1K_V2'), '--json'])).stdout);
  assert.deepEqual([facts.transforms.resizeSize, facts.activation], [232, 'softmax']);
  assert.deepEqual([facts.version, facts.weights, facts.precision], ['0.1.0', 'IMAGENET1K_V2', 'int8']);
  assert.equal((await cli(['info', 'p1.jpg'])).status, 2);
});

test('convert: what cannot be converted is refused and leaves nothing behind', async (t) => {
  const { cli, at, home } = await setUp(t);
  await writeFile(at('bad.pth'), 'junk');
  await writeFile(at('mine.pth'), checkpoint(3));
  await writeFile(at('two.txt'), 'a\nb\n');
  const before = (await readdir(home)).sort();
  const convert = (...args) => cli(['convert', ...args, '--name', 'x', '--out', at('out'), ...V1]);
  const cases = [
    [await convert(at('bad.pth')), /bad\.pth/],
    [await convert(at('none.pth')), /none\.pth: there is no such file/],
    [await convert(at('mine.pth'), '--labels', at('two.txt')), /has 2 names, but the checkpoint has 3 classes/],
    [await convert(at('mine.pth'), '--calibrate', at('cache-none')), /cache-none/],
    [await cli(['convert', at('mine.pth'), '--name', 'x', '--out', home, ...V1]), /holds other files/],
  ];
  for (const [{ status, stderr }, message] of cases) {
    assert.equal(status, 1, stderr);
    assert.match(stderr, message);
  }
  assert.deepEqual((await readdir(home)).sort(), before);
});

test('a disk that is full: one sentence with the remedy, nothing half-written, and what was there stays', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('mine.pth'), checkpoint(3));
  const convert = (...args) => cli(['convert', at('mine.pth'), '--name', 'x', '--out', at('disk/out'), ...V1, ...args]);
  const mounted = await withDisk(at('disk'), '256k', async () => {
    assert.equal((await convert()).status, 0);
    const before = await readFile(at('disk/out/manifest.json'), 'utf8');
    await writeFile(at('disk/filler'), Buffer.alloc(1 << 20)).catch(() => undefined);
    const embed = ['embed', at('p1.jpg'), '--out', at('disk/vectors.npy')];
    for (const { status, stderr } of [await convert('--precision', 'both'), await cli(embed)]) {
      assert.equal(status, 1, stderr);
      assert.match(
        stderr,
        /disk\/(out|vectors\.npy): there is no room left on the disk: make some, or write elsewhere\n$/,
      );
    }
    assert.deepEqual((await readdir(at('disk'))).sort(), ['filler', 'out']);
    assert.equal(await readFile(at('disk/out/manifest.json'), 'utf8'), before);
  });
  if (!mounted) t.skip('only root may mount a small disk');
});

test('weights: lists, and refuses a checkpoint whose hash is not that of its name', async (t) => {
  const { cli, at } = await setUp(t);
  const { stdout } = await cli(['weights']);
  assert.match(
    stdout,
    /IMAGENET1K_V1 +76\.13% top-1 of ImageNet-1K in float32 +not installed\nIMAGENET1K_V2 \(DEFAULT\) +80\.858%/,
  );
  await writeVariant(at('weights-out'), 'IMAGENET1K_V1');
  const rows = JSON.parse((await cli(['weights', '--json', '--out', at('weights-out')])).stdout);
  assert.deepEqual(rows, [
    { name: 'IMAGENET1K_V1', default: false, installed: ['int8'], folder: at('weights-out/IMAGENET1K_V1') },
    { name: 'IMAGENET1K_V2', default: true, installed: [], folder: at('weights-out/IMAGENET1K_V2') },
    { name: 'CIFAR10_DEMO', default: false, installed: [], folder: at('weights-out/CIFAR10_DEMO') },
  ]);
  await writeFile(at('resnet50-11ad3fa6.pth'), checkpoint(1000));
  const { status, stderr } = await cli(['weights', 'DEFAULT', '--checkpoints', at('.')]);
  assert.equal(status, 1);
  assert.match(stderr, /sha256 begins with [0-9a-f]{8}, not 11ad3fa6/);
  const none = await cli(['weights', 'IMAGENET1K_V1'], { env: { RESNET50_CHECKPOINTS: at('.') } });
  assert.match(none.stderr, /resnet50-0676ba61\.pth: there is no such file/);
});

const { downloadCheckpoint } = await importSource('convert/checkpoints.ts');

test('checkpoints: resumed from what is there, checked, never half in place', async (t) => {
  const folder = await scratch(t);
  const bytes = Buffer.alloc(200_000, 'checkpoint ');
  const name = `resnet50-${sha256(bytes).slice(0, 8)}.pth`;
  const path = join(folder, name);
  const arrived = () => statSync(`${path}.part`, { throwIfNoEntry: false })?.size === 50_000;
  const { url, requests } = await serve(t, {
    [`/${name}`]: (req, res, n) =>
      n === 1 ? sendAndDrop(req, res, bytes, 50_000, arrived) : sendRange(req, res, bytes),
    '/resnet50-00000000.pth': bytes,
    '/page.pth': (_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  });
  await downloadCheckpoint(`${url}/${name}`, path, { pause: 1 });
  assert.ok(bytes.equals(await readFile(path)));
  assert.deepEqual(
    requests.map((r) => r.range),
    [undefined, 'bytes=50000-'],
  );
  const wrong = join(folder, 'resnet50-00000000.pth');
  await assert.rejects(downloadCheckpoint(`${url}/resnet50-00000000.pth`, wrong), { code: 'WEIGHTS_HASH_MISMATCH' });
  await assert.rejects(downloadCheckpoint(`${url}/page.pth`, join(folder, 'page.pth')), { message: /HTML page/ });
  assert.deepEqual(await readdir(folder), [name]);
});

test('weights: says what it downloads before the network is asked, which may keep silent', async (t) => {
  const home = await scratch(t);
  const silent = 'globalThis.fetch = () => new Promise(() => setInterval(() => {}, 1000));';
  const env = {
    XDG_CACHE_HOME: home,
    RESNET50_CHECKPOINTS: '',
    NODE_OPTIONS: `--import=${JSON.stringify(`data:text/javascript,${encodeURIComponent(silent)}`)}`,
  };
  const cli = join(ROOT, 'dist', 'cli.js');
  const { stderr } = await run(process.execPath, [cli, 'weights', 'IMAGENET1K_V1'], { env, timeout: 3000 });
  assert.match(stderr, /^resnet50-0676ba61\.pth: downloading from https:.*\n/);
});
