// `resnet50-wasm fit --unfreeze layer4` on photos, with the ten classes that come with the package: a folder of weights that
// other commands load.
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { coreMissing, ROOT, run, scratch } from './helpers.mjs';

const PICTURES = join(ROOT, 'tests', 'data', 'cifar10');
const CLASSES = {
  animals: ['bird', 'deer', 'frog', 'horse'],
  vehicles: ['airliner', 'blue-car', 'box-lorry', 'cargo-ship'],
};

test('fit --unfreeze layer4: a folder of weights with classes of your own', {
  skip: coreMissing(),
  timeout: 300_000,
}, async (t) => {
  const home = await scratch(t);
  const at = (...path) => join(home, ...path);
  const cli = (...args) => run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args]);
  for (const [name, pictures] of Object.entries(CLASSES)) {
    await mkdir(at('photos', name), { recursive: true });
    for (const picture of pictures)
      await copyFile(join(PICTURES, `${picture}.jpg`), at('photos', name, `${picture}.jpg`));
  }
  await writeFile(at('photos', 'animals', 'broken.jpg'), 'no picture');
  const options = ['--weights', 'CIFAR10_DEMO', '--unfreeze', 'layer4', '--epochs', '2', '--batch-size', '4'];

  const named = await cli('fit', at('photos'), ...options, '--out', at('head.safetensors'));
  assert.deepEqual([named.status, /the whole network is written: name a folder/.test(named.stderr)], [2, true]);

  await mkdir(at('taken'));
  await writeFile(at('taken', 'notes.txt'), 'mine');
  const taken = await cli('fit', at('photos'), ...options, '--out', at('taken'));
  assert.equal(taken.status, 1);
  assert.match(
    taken.stderr,
    /^resnet50-wasm: .*taken holds other files \(notes\.txt\): give a folder of its own with --out/,
  );
  assert.deepEqual(await readdir(at('taken')), ['notes.txt']);

  const { status, stdout, stderr } = await cli('fit', at('photos'), ...options, '--no-augment', '--out', at('mine'));
  assert.equal(status, 1, 'one picture was left out');
  assert.match(stderr, /left out: .*broken\.jpg/);
  assert.match(stdout, /2 classes \(animals, vehicles\)\ntrained on 8 pictures.*\nlayer4: epoch \d of 2 counts: /);

  const classified = await cli('classify', join(PICTURES, 'horse.jpg'), '--weights', at('mine'), '--top-k', '1');
  assert.deepEqual([classified.status, classified.stderr], [0, '']);
  assert.match(classified.stdout, /\n {2}animals {2}/);
});
