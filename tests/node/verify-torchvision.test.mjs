// The snippet of docs/trust.md, run as it stands beside torchvision, and `resnet50-wasm verify` on what it writes: agreement
// with the right transforms, and the cause with wrong ones. Skipped by name where the core or torchvision is absent.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { coreMissing, ROOT, run } from './helpers.mjs';

const PYTHON = '/usr/bin/python3';
const { status: noTorch } = await run(PYTHON, ['-c', 'import torchvision']);
const skip = coreMissing() || (noTorch !== 0 && 'python3-torchvision is not installed');

/** A seeded network of ten classes, and pictures without loss, so that both sides decode the same pixels. */
const MAKE = `
import sys, pathlib, torch
from PIL import Image
sys.path.insert(0, sys.argv[1])
from torch_reference import seeded
model = seeded()
model.fc = torch.nn.Linear(2048, 10)
torch.save(model.state_dict(), sys.argv[2] + '/mine.pth')
for path in pathlib.Path(sys.argv[3]).glob('*.jpg'):
    image = Image.open(path).convert('RGB')
    image.thumbnail((320, 320))
    image.save(f'{sys.argv[2]}/photos/{path.stem}.png')
`;

describe('the snippet of docs/trust.md', { skip }, () => {
  let folder;
  const at = (name) => join(folder, name);
  const python = async (...args) => {
    const { status, stderr } = await run(PYTHON, args, { timeout: 300_000 });
    assert.equal(status, 0, stderr);
  };
  const cli = (...args) => run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], { timeout: 300_000 });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-verify-'));
    mkdirSync(at('photos'));
    await python('-c', MAKE, join(ROOT, 'tests', 'tools'), folder, join(ROOT, 'tests', 'data', 'pictures'));
    const turned = 'jpeg-orientation6.jpg';
    copyFileSync(join(ROOT, 'tests', 'data', 'image', turned), at(`photos/${turned}`));
    const [, snippet] = /^```python\n([\s\S]*?)^```/m.exec(readFileSync(join(ROOT, 'docs', 'trust.md'), 'utf8'));
    writeFileSync(at('logits.py'), snippet);
    await python(at('logits.py'), at('mine.pth'), at('photos'), at('reference.npz'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function verify(resize, ...args) {
    const name = `r${resize}`;
    const options = ['--name', name, '--out', at(name), '--precision', 'f32', '--resize', resize, '--crop', '224'];
    const converted = await cli('convert', at('mine.pth'), ...options);
    assert.equal(converted.status, 0, converted.stderr);
    const compare = ['--reference', at('reference.npz'), '--weights', at(name), '--json', ...args];
    const { status, stdout, stderr } = await cli('verify', ...compare);
    assert.notEqual(stdout, '', stderr);
    return { status, ...JSON.parse(stdout) };
  }

  test('the right transforms agree within 1e-3 of the deviation', async (t) => {
    const { status, agreed, agreement, worst, causes, pictures } = await verify('256', '--no-exif');
    assert.deepEqual([status, agreed, causes, agreement], [0, true, [], 100]);
    assert.ok(pictures > 10);
    const largest = Math.max(...worst.filter(({ file }) => file.endsWith('.png')).map(({ largest }) => largest));
    t.diagnostic(`largest difference of the same pixels: ${largest.toExponential(2)}`);
    assert.ok(largest < 1e-3);
  });

  test('the wrong size is found', async () => {
    const { status, agreed, causes } = await verify('232', '--no-exif');
    assert.deepEqual([status, agreed, causes.length], [1, false, 1]);
    const [{ cause, what, remedy }] = causes;
    assert.deepEqual([cause, what], ['transform', 'the reference resizes to 256, where we resize to 232']);
    assert.match(remedy, /convert again with --resize 256/);
  });
});
