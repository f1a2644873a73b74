// Machines that are not like ours: no home folder, one that may only be read, proxies; and files that other programs and
// Windows write.
import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  fakeImage,
  fakePackage,
  importSource,
  makeVariant,
  ROOT,
  run,
  scratch,
  serve,
  writeVariant,
} from './helpers.mjs';

async function setUp(t) {
  const [folder, here] = [await fakePackage(t), await scratch(t)];
  await writeFile(join(here, 'p2.jpg'), fakeImage(2));
  const cli = (args, options = {}) =>
    run(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], { cwd: here, ...options });
  return { folder, here, cli, at: (path) => join(here, path) };
}

/** The environment of a container whose user has no entry in the list of users, if this machine can play it. */
const nobody = async (t) => {
  const probe = await run('setpriv', ['--reuid', '12345', '--regid', '12345', '--clear-groups', 'true']).catch(
    () => ({}),
  );
  if (probe.status !== 0) t.skip('setpriv is not there or not allowed');
  return (args, options) =>
    run('setpriv', ['--reuid', '12345', '--regid', '12345', '--clear-groups', 'env', '-i', ...args], options);
};

test('a user without a home: what needs none works, what does says what to set', async (t) => {
  const { folder, here } = await setUp(t);
  await writeVariant(here, 'IMAGENET1K_V2');
  const as = await nobody(t);
  await run('chmod', ['-R', 'a+rX', folder, here]);
  const cli = (args, env = []) =>
    as([...env, process.execPath, join(folder, 'dist', 'cli.js'), ...args], { cwd: here });
  for (const env of [[], ['HOME='], ['HOME=relative']]) {
    const info = await cli(['info'], env);
    assert.equal(info.status, 0, info.stderr);
    assert.match(
      info.stdout,
      env.length === 0 || env[0] === 'HOME=relative' ? /no home folder.*XDG_CACHE_HOME/ : /installed/,
    );
    const labels = await cli(['classify', 'p2.jpg', '--weights-dir', here, '-k', '1'], env);
    assert.deepEqual([labels.status, labels.stderr], [0, '']);
    const missing = await cli(['classify', 'p2.jpg', '--weights', 'FLOWERS'], env);
    assert.deepEqual([missing.status, /FLOWERS are not there/.test(missing.stderr)], [1, true], missing.stderr);
  }
  const list = await cli(['weights']);
  assert.equal(list.status, 1);
  assert.match(list.stderr, /^resnet50-wasm: this user has no home folder: set HOME or XDG_CACHE_HOME/);
  const { url } = await serve(t, variantRoutes());
  const loaded = await cli(['classify', 'p2.jpg', '--weights', `${url}/v/`, '-k', '1']);
  assert.deepEqual([loaded.status, loaded.stderr], [0, ''], 'over HTTP, without a cache');
});

function variantRoutes() {
  const { manifest, files } = makeVariant('mine');
  const routes = { '/v/manifest.json': Buffer.from(JSON.stringify(manifest)) };
  for (const [name, bytes] of files) routes[`/v/${name}`] = bytes;
  return routes;
}

test('a home that may only be read: weights over HTTP all the same', async (t) => {
  const { cli, at } = await setUp(t);
  const { url } = await serve(t, variantRoutes());
  await writeFile(at('file'), ''); // no folder can be made below a file
  for (const env of [
    { HOME: '/dev/null', XDG_CACHE_HOME: '' },
    { HOME: at('file'), XDG_CACHE_HOME: '' },
  ]) {
    const { status, stdout, stderr } = await cli(['classify', 'p2.jpg', '-w', `${url}/v/`, '-k', '1'], { env });
    assert.deepEqual([status, stderr, /label 2/.test(stdout)], [0, '', true]);
  }
});

test('a proxy that Node.js does not use is named, whatever was fetched', async (t) => {
  const { cli } = await setUp(t);
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '' };
  for (const args of [
    ['classify', 'https://127.0.0.1:9/x.jpg', '-w', 'CIFAR10_DEMO'],
    ['classify', 'p2.jpg', '-w', 'https://127.0.0.1:9/v/'],
  ]) {
    if (args[3] === 'CIFAR10_DEMO') args.splice(2, 2, '-w', join(ROOT, 'weights', 'CIFAR10_DEMO'));
    const { status, stderr } = await cli(args, { env, timeout: 60_000 });
    assert.equal(status, 1);
    assert.match(stderr, /HTTPS_PROXY is set, but Node\.js uses it only with NODE_USE_ENV_PROXY=1/);
  }
});

test('-w NAME: a folder of that name here', async (t) => {
  const { cli, here } = await setUp(t);
  await writeVariant(here, 'FLOWERS');
  await cp(join(here, 'FLOWERS'), join(here, 'IMAGENET1K_V1'), { recursive: true });
  for (const name of ['FLOWERS', './FLOWERS', 'FLOWERS/', 'IMAGENET1K_V1']) {
    const { status, stdout, stderr } = await cli(['classify', 'p2.jpg', '-w', name, '-k', '1']);
    assert.deepEqual([status, stderr, /label 2/.test(stdout)], [0, '', true], name);
  }
});

test('a manifest with a byte order mark is read', async (t) => {
  const { cli, here } = await setUp(t);
  const manifest = await writeVariant(here, 'FLOWERS');
  await writeFile(join(here, 'FLOWERS', 'manifest.json'), `\ufeff${JSON.stringify(manifest)}`);
  assert.equal((await cli(['classify', 'p2.jpg', '-w', 'FLOWERS'])).status, 0);
});

test('lists of file names as Windows writes them', async (t) => {
  const { cli, here } = await setUp(t);
  await writeVariant(here, 'FLOWERS');
  await mkdir(join(here, 'photos'));
  await writeFile(join(here, 'photos', 'p3.jpg'), fakeImage(3));
  const list = 'p2.jpg\r\nphotos\\p3.jpg\r\n\r\n';
  for (const input of [list, `\ufeff${list}`, Buffer.from(`\ufeff${list}`, 'utf16le')]) {
    const { status, stdout, stderr } = await cli(['classify', '-w', 'FLOWERS', '-k', '1'], { input });
    assert.deepEqual([status, stderr, stdout.match(/label \d/g)], [0, '', ['label 2', 'label 3']]);
  }
});

test('names of classes in every form that people have', async (t) => {
  const { readCategories } = await importSource('convert/labels.ts');
  const folder = await scratch(t);
  const of = async (name, content, classes = 3) => {
    await writeFile(join(folder, name), content);
    return (await readCategories(join(folder, name), classes)).map(({ wnid, label }) =>
      wnid ? `${wnid} ${label}` : label,
    );
  };
  const names = ['daisy', 'rose', 'Königskerze'];
  const lines = names.join('\n');
  for (const [kind, content] of Object.entries({
    plain: lines,
    'line breaks at the end': `${lines}\n\n \n`,
    'carriage returns': `${names.join('\r\n')}\r\n`,
    'carriage returns alone': names.join('\r'),
    'a byte order mark': `\ufeff${lines}\r\n`,
    'UTF-16': Buffer.from(`\ufeff${names.join('\r\n')}\r\n`, 'utf16le'),
    'UTF-16, big-endian': Buffer.from(`\ufeff${lines}`, 'utf16le').swap16(),
    "Windows' Western encoding": Buffer.from(lines, 'latin1'),
  })) {
    assert.deepEqual(await of('labels.txt', content), names, kind);
  }
  const byIndex = { 2: names[2], 0: names[0], 1: names[1] };
  const byName = { [names[2]]: 2, [names[0]]: 0, [names[1]]: 1 };
  for (const map of [
    names,
    names.map((label) => ({ label })),
    ...[byIndex, { id2label: byIndex, num_labels: 3 }, { model_type: 'resnet', id2label: byIndex, label2id: byName }],
    ...[byName, { class_to_idx: byName }, { label2id: byName }],
  ]) {
    const text = JSON.stringify(map);
    assert.deepEqual(await of('labels.json', text), names, text);
    assert.deepEqual(await of('LABELS.JSON', `\ufeff${text}\r\n`), names, text);
    if (!Array.isArray(map)) assert.deepEqual(await of('labels.txt', text), names, text);
  }
  assert.deepEqual(await of('index.json', JSON.stringify({ 0: ['n1', 'a'], 1: ['n2', 'b'] }), 2), ['n1 a', 'n2 b']);
  for (const [content, message] of [
    ['{}', /must hold a JSON list of names/],
    ['5', /must hold a JSON list of names/],
    ['{"0": "a", "2": "c"}', /must hold a name for each class/],
    ['{"a": 0, "b": 0}', /an index of its own/],
    ['{"a": -1}', /an index of its own/],
    ['{"a": 1e9}', /an index of its own/],
    ['{"x": "y"}', /an index of its own/],
    ['["a", "b"]', /has 2 names/],
  ]) {
    await assert.rejects(of('bad.json', content), { code: 'INVALID_ARGUMENT', message }, content);
  }
  await assert.rejects(of('gap.txt', 'a\n\nc'), { message: /must hold a name for each class/ });
});

test('labels.json of photos: a byte order mark, and paths of Windows', async (t) => {
  const { readLabeled } = await importSource('convert/labeled.ts');
  const folder = await scratch(t);
  await mkdir(join(folder, 'cats'));
  await writeFile(join(folder, 'cats', '1.jpg'), '');
  await writeFile(join(folder, 'labels.json'), `\ufeff${JSON.stringify([{ file: 'cats\\1.jpg', class: 0 }])}`);
  const { photos } = await readLabeled(folder, [{ label: 'cats' }]);
  assert.deepEqual(
    photos.map(({ path, label }) => [path, label]),
    [[join(folder, 'cats', '1.jpg'), 0]],
  );
});
