// The command as a shell user sees it, over a stand-in for the core: output, errors in one line, exit status.
import assert from 'node:assert/strict';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
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
  const command = [process.execPath, join(folder, 'dist', 'cli.js')];
  /** Runs a script that appends arguments of its own. */
  const shell = (script, args) => run('sh', [script, ...command, ...args], { env });
  return { cli: Object.assign(cli, { command, env, shell }), home, at: (name) => join(home, name) };
}

test('help and version', async (t) => {
  const { cli } = await setUp(t);
  assert.deepEqual([(await cli(['--version'])).stdout, (await cli(['--help'])).status], ['0.1.0\n', 0]);
  assert.equal((await cli(['help', 'fit'])).stdout, (await cli(['fit', '--help'])).stdout);
});

test('a mistake in the command: one sentence on standard error, status 2', async (t) => {
  const { cli } = await setUp(t);
  const cases = [
    [[], /give a command/],
    [['clasify'], /no command 'clasify': did you mean 'classify'\? \(resnet50-wasm --help\)/],
    [['constructor'], /no command 'constructor': there are classify, explain/],
    [['classify', '--top', '3'], /'--top': did you mean '--top-k'\?/],
    [['classify', '--theads', '3'], /'--theads': did you mean '--threads'\?/],
    [['fit', '--holdout', '3'], /'--holdout': did you mean '--hold-out'\?/],
    [['classify', '--zzzzzz'], /'--zzzzzz' \(resnet50-wasm classify --help lists the options\)/],
    [['classify', 'x', '--top-k', '0'], /--top-k 0/],
    [['classify', 'x', '--top-k', ''], /--top-k/],
    [['classify', 'x', '--threshold', '1.5'], /--threshold 1\.5/],
    [['classify', 'x', '--precision', 'int4'], /int8, f32/],
    [['classify', 'x', '--json', '--ndjson'], /exclude/],
    [['convert'], /CHECKPOINT/],
    [['convert', 'a.pth'], /--name must be given/],
    [['convert', 'a.pth', '--name', '../x', '--out', 'y'], /--name/],
    [['convert', 'a.pth', '--name', 'x', '--out', 'y', '--mean', '1,2'], /three numbers/],
    [['convert', 'a.pth', '--name', 'x', '--out', 'y', '--activation', 'relu'], /softmax, sigmoid, none/],
    [
      ['explain', 'x', '--out', 'heat.JPG'],
      /heat\.JPG: explain writes PNG, not \.JPG: name a file that ends with \.png/,
    ],
    [['fit', 'x', '--out', 'y', '--unfreeze', 'layer3'], /--unfreeze layer3: must be one of fc, layer4/],
    [['fit', 'x', '--out', 'y', '--unfreeze', 'layer4', '--method', 'knn'], /exclude each other/],
    [['fit', 'x', '--out', 'y', '--batch-size', '8'], /--batch-size is for --unfreeze layer4/],
    [['completion'], /bash, zsh or fish/],
    [['completion', 'csh'], /bash, zsh or fish/],
    [['manual', 'x'], /takes no arguments/],
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

test('what files say does not reach the terminal as it is: names, labels, folders, errors, names of rows', async (t) => {
  const { cli, at } = await setUp(t);
  const evil = 'red\x1b[31m\x9b2J\nforged line\u202e\x7f';
  const raw = /[\p{Cc}\u2028-\u202e]/u;
  const manifest = JSON.parse(await readFile(at('weights/IMAGENET1K_V2/manifest.json'), 'utf8'));
  manifest.categories[1].label = evil;
  await writeFile(at('weights/IMAGENET1K_V2/manifest.json'), JSON.stringify(manifest));
  const picture = at(`${evil}.jpg`);
  await writeFile(picture, fakeImage(1));
  await mkdir(at(`folders/${evil}`), { recursive: true });
  await mkdir(at('folders/other'));
  await writeFile(at('mine.pth'), checkpoint(2));
  await writeFile(at(`${evil}.pth`), 'no checkpoint');
  manifest.ranges[evil] = 5;
  await mkdir(at('broken'));
  await writeFile(at('broken/manifest.json'), JSON.stringify(manifest));
  const commands = [
    ['classify', picture, at(`${evil}-none.jpg`), at('p2.jpg')],
    ['classify', picture, '--weights', at('broken')],
    ['classify', picture, '--weights', evil],
    ['classify', picture, '--allow', evil],
    ['classify', picture, '--json'],
    ['classify', picture, '--ndjson'],
    ['classify', picture, `--${evil}`],
    ['explain', picture, '--out', at(`${evil}/heat.png`)],
    ['embed', picture, at(`${evil}-none.jpg`), '--out', at(`${evil}.npy`)],
    ['embed', picture, at(`${evil}-none.jpg`), '--out', at('v.npy'), '--names', at('names.txt')],
    ['fit', at('folders'), '--out', at('head')],
    ['fit', at(evil), '--out', at('head')],
    ['convert', at(`${evil}.pth`), '--name', 'x', '--transforms', 'V2', '--out', at('out')],
    ['convert', at('mine.pth'), '--name', 'x', '--transforms', 'V2', '--out', at(`out ${evil}`)],
    ['convert', at('mine.pth'), '--name', 'x', '--transforms', 'V2', '--out', at('out2'), '--labels', at(evil)],
    ['weights', '--out', at(evil)],
    ['weights', evil],
    ['info', '--weights', evil],
    [evil],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await cli(args);
    const said = stdout + stderr;
    assert.doesNotMatch(said.replaceAll('\n', ''), raw, args.join(' '));
    assert.doesNotMatch(said, /^ *forged/m, args.join(' '));
  }
  assert.match((await cli(['classify', picture])).stdout, /red\\x1b\[31m\\x9b2J\\x0aforged line\\u202e\\x7f {2}/);
  assert.equal(JSON.parse((await cli(['classify', picture, '--json'])).stdout)[0].classes[0].label, evil);
  const names = (await readFile(at('names.txt'), 'utf8')).split('\n');
  assert.equal(names.length, 2, 'a line for the one row');
});

test('the names on standard input: any length of list, only line feeds end a name, what is no list is refused', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('a\u2028b.jpg'), fakeImage(1));
  const { stdout, status } = await cli(['classify', '--ndjson'], {
    input: `${at('a\u2028b.jpg')}\r\n\n${at('p2.jpg')}`,
  });
  assert.equal(status, 0, stdout);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).classes[0].index),
    [1, 2],
  );
  const endless = await cli(['classify'], { input: Buffer.alloc(1 << 20, 'x') });
  assert.deepEqual(
    [endless.status, /standard input has a line of more than 65536 bytes/.test(endless.stderr)],
    [1, true],
  );
});

test('standard input: one picture or one list; what is neither is said so by name', async (t) => {
  const { cli, at } = await setUp(t);
  const twice = await cli(['classify', '-', '-'], { input: fakeImage(1) });
  assert.deepEqual([twice.status, /'-' is given twice/.test(twice.stderr)], [2, true]);
  for (const command of [
    ['classify', '-'],
    ['embed', '-', '--out', at('v.npy')],
    ['explain', '-', '--out', at('x.png')],
  ]) {
    const empty = await cli(command, { input: '' });
    assert.deepEqual([empty.status, empty.stderr.includes('standard input is empty')], [1, true], empty.stderr);
  }
  const bad = await cli(['classify', '-'], { input: 'text' });
  assert.match(bad.stderr, /^resnet50-wasm: standard input: /);
  const names = [at('p1.jpg'), at('p2.jpg')];
  const jpeg = Buffer.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0);
  for (const input of [names.join('\0'), jpeg]) {
    const refused = await cli(['classify'], { input });
    assert.deepEqual([refused.status, refused.stdout], [1, '']);
    assert.match(refused.stderr, /standard input has NUL characters.*'-'.*-print0/);
  }
  await writeFile(at('-'), fakeImage(2));
  const list = await cli(['classify', '--ndjson'], { input: '-\n', cwd: at('.') });
  assert.equal(JSON.parse(list.stdout).classes[0].index, 2, list.stderr);
  const wide = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(`${names[0]}\r\n`, 'utf16le')]);
  for (const input of [wide, `\ufeff${names[0]}`]) assert.equal((await cli(['classify'], { input })).status, 0);
});

test('names of files that are not UTF-8: as arguments and in lists, shown escaped', {
  skip: process.platform !== 'linux' && 'names are bytes on Linux only',
}, async (t) => {
  const { cli, at } = await setUp(t);
  const path = Buffer.concat([Buffer.from(at('h')), Buffer.of(0xfc), Buffer.from('te \u{1f600}.jpg')]);
  await writeFile(path, fakeImage(3));
  const shown = `${at('h')}\\udcfcte \u{1f600}.jpg`;
  const listed = await cli(['classify', '--ndjson'], { input: Buffer.concat([path, Buffer.from('\n')]) });
  const { file, classes } = JSON.parse(listed.stdout);
  assert.deepEqual([classes[0].index, file], [3, `${at('h')}\udcfcte \u{1f600}.jpg`], listed.stderr);
  // Node.js cannot pass such an argument on: a shell can.
  const script = join(at('.'), 'run.sh');
  await writeFile(script, Buffer.concat([Buffer.from(`exec "$@" '`), path, Buffer.from(`'\n`)]));
  const { stdout, stderr } = await cli.shell(script, ['classify']);
  assert.ok(stdout.startsWith(`${shown}\n`), stdout + stderr);
  const refused = await cli.shell(script, ['classify', at('p1.jpg'), '--out']);
  assert.equal(refused.status, 2);
  const out = await cli.shell(script, ['embed', at('p1.jpg'), '--out']);
  assert.deepEqual([out.status, out.stderr], [2, `resnet50-wasm: --out ${shown}: is not UTF-8: choose another name\n`]);
});

test('explain: errors name the option, and standard output holds the picture alone', async (t) => {
  const { cli, at } = await setUp(t);
  const unknown = await cli(['explain', at('p1.jpg'), '--out', at('x.png'), '--class', '77']);
  assert.match(unknown.stderr, /^resnet50-wasm: --class names '77', which is no class: indices run from 0 to 3\n$/);
  for (const [out, status, message] of [
    ['', 2, /--out: an empty text names no file/],
    [`${at('x.png')}/`, 1, /--out \S+x\.png\/: is a folder, not a file/],
    [at('.'), 1, /--out \S+: is a folder, not a file/],
  ]) {
    const refused = await cli(['explain', at('p1.jpg'), '--out', out]);
    assert.equal(refused.status, status);
    assert.match(refused.stderr, message);
  }
  const result = await cli(['explain', at('p1.jpg'), '--out', at('x.png')]);
  assert.match(result.stdout, /^label 1 {2}/);
  const size = statSync(at('x.png')).size;
  for (const out of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) {
    const shell = `"$0" "$@" > '${at('y.png')}'`;
    const args = ['-c', shell, ...cli.command, 'explain', at('p1.jpg'), '--out', out];
    assert.equal((await run('sh', args, { env: cli.env })).status, 0);
    assert.equal(statSync(at('y.png')).size, size, out);
  }
});

test('convert and weights: a folder that cannot be written is said before the work', async (t) => {
  const { cli, at } = await setUp(t);
  await writeFile(at('mine.pth'), 'CKPT{"classes":3}');
  const convert = (...out) => cli(['convert', at('mine.pth'), '--name', 'x', '--transforms', 'V2', '--out', ...out]);
  await mkdir(at('full'));
  await writeFile(at('full/of-others.txt'), '');
  for (const [out, status, message] of [
    [at('notes.txt'), 1, /notes\.txt: is a file, or lies below one/],
    [at('full'), 1, /full holds other files \(of-others\.txt\)/],
    ['', 2, /--out: an empty text/],
  ]) {
    const refused = await convert(out);
    assert.deepEqual([refused.status, message.test(refused.stderr)], [status, true], refused.stderr);
    assert.doesNotMatch(refused.stderr, /calibrating|quantizing|names of/);
  }
  const asked = await serve(t, { '/resnet50-11ad3fa6.pth': (_, response) => response.end('x') });
  const weights = await cli(['weights', 'IMAGENET1K_V2', '--out', at('notes.txt'), '--checkpoints', asked.url]);
  assert.deepEqual([weights.status, asked.requests.length], [1, 0], weights.stderr);
  await writeFile(
    at('model.safetensors.index.json'),
    '{"metadata": {}, "weight_map": {"fc.weight": "model-1.safetensors"}}',
  );
  const index = await cli([
    'convert',
    at('model.safetensors.index.json'),
    ...['--name', 'x', '--transforms', 'V2', '--out', at('y')],
  ]);
  assert.match(index.stderr, /index\.json only lists the parts that a checkpoint was cut into.*save it in one file/);
});

test('results: devices stay devices, links stay links, and what cannot be written is said before the work', async (t) => {
  const { cli, at } = await setUp(t);
  const embed = (...args) => cli(['embed', at('p1.jpg'), ...args]);
  assert.equal((await embed('--out', '/dev/null', '--names', '/dev/null')).status, 0);
  assert.ok(statSync('/dev/null').isCharacterDevice());
  await symlink('real.npy', at('link.npy'));
  assert.equal((await embed('--out', at('link.npy'))).status, 0);
  assert.ok(lstatSync(at('link.npy')).isSymbolicLink());
  const direct = await embed('--out', at('direct.npy'));
  assert.deepEqual(await readFile(at('real.npy')), await readFile(at('direct.npy')), direct.stderr);
  await writeFile(at('before.npy'), 'before');
  const refused = await embed('--out', at('before.npy'), '--names', at('none/names.txt'));
  assert.deepEqual([refused.status, /none\/names\.txt: its folder does not exist/.test(refused.stderr)], [1, true]);
  assert.equal(await readFile(at('before.npy'), 'utf8'), 'before');
  if (process.platform === 'linux') {
    const full = await run('sh', [
      '-c',
      `"$0" "$1" --help > /dev/full`,
      process.execPath,
      join(ROOT, 'dist', 'cli.js'),
    ]);
    assert.deepEqual([full.status, full.stderr.split(':')[1]], [1, ' standard output']);
  }
  assert.equal((await embed('--out', at('same'), '--names', at('same'))).status, 2);
  const first = await cli(['explain', at('none.jpg'), '--out', at('none/heat.png')]);
  assert.match(first.stderr, /heat\.png: its folder does not exist/);
});

test('weights CIFAR10_DEMO --out: whole or not there, and what is damaged is found and copied anew', async (t) => {
  const { at } = await setUp(t);
  const cli = (...args) => run(process.execPath, [join(ROOT, 'dist', 'cli.js'), 'weights', 'CIFAR10_DEMO', ...args]);
  const copied = await cli('--out', at('public'));
  assert.equal(copied.status, 0, copied.stderr);
  const packaged = await readAll(join(ROOT, 'weights', 'CIFAR10_DEMO'));
  assert.deepEqual(await readAll(at('public/CIFAR10_DEMO')), packaged);
  assert.match((await cli('--out', at('public'))).stderr, /is there already/);
  const shard = at('public/CIFAR10_DEMO/resnet50-int8-03.gzip.safetensors');
  const damage = {
    missing: () => rm(shard),
    'one bit': async () => writeFile(shard, Buffer.from(await readFile(shard)).fill(1, 9, 10)),
    manifest: () => writeFile(at('public/CIFAR10_DEMO/manifest.json'), '{'),
  };
  for (const [what, harm] of Object.entries(damage)) {
    await harm();
    const { status, stderr } = await cli('--out', at('public'));
    assert.deepEqual([status, /copied to/.test(stderr)], [0, true], what);
    assert.deepEqual(await readAll(at('public/CIFAR10_DEMO')), packaged, what);
  }
  const mounted = await withDisk(at('disk'), '10m', async (disk) => {
    const full = await cli('--out', at('disk'));
    assert.deepEqual([full.status, await readdir(at('disk'))], [1, []]);
    assert.match(
      full.stderr,
      /^resnet50-wasm: \S*disk\/CIFAR10_DEMO: there is no room left on the disk: make some, or write/,
    );
    assert.ok(disk.resize('40m'));
    assert.equal((await cli('--out', at('disk'))).status, 0);
    assert.deepEqual(await readAll(at('disk/CIFAR10_DEMO')), packaged);
  });
  if (!mounted) t.diagnostic('not tried on a full disk: only root may mount a small one');
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

test('web/cli writes to the terminal in one place', async () => {
  for (const name of readdirSync(join(ROOT, 'web', 'cli')).filter((file) => file !== 'terminal.ts')) {
    const source = await readFile(join(ROOT, 'web', 'cli', name), 'utf8');
    assert.doesNotMatch(
      source,
      /(?:stdout|stderr)\.write|console\./,
      `${name}: print, note and complain of terminal.ts escape`,
    );
  }
});
