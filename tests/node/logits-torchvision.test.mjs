// f32 logits against torchvision's own network (tests/tools/torch_reference.py, Debian's python3-torchvision), through
// the converter, the shards and the compiled core. Skipped by name where the core or torchvision is absent.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readNpy } from '../../bench/npy.mjs';
import { coreMissing, ROOT, run } from './helpers.mjs';

const PYTHON = '/usr/bin/python3';
const MATERIAL = process.env.RESNET50_TEST_MATERIAL ?? '';
const EXPECTED = join(MATERIAL, 'reference', 'torchvision_ModelTester_resnet50_seed0_50classes.npy');
const { status: noTorch } = await run(PYTHON, ['-c', 'import torchvision']);
const skip = coreMissing() || (noTorch !== 0 && 'python3-torchvision is not installed');

describe("torchvision's network", { skip }, () => {
  let folder;
  const floats = (name) => {
    const bytes = readFileSync(join(folder, name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };
  /** The logits of a prepared input, one row after the other. */
  async function logitsOf(checkpoint, input, shape, options) {
    const { ResNet50 } = await import('../../dist/index.node.js');
    const out = join(folder, checkpoint.replace('.pth', ''));
    if (!existsSync(out)) {
      const target = ['--name', 'reference', '--out', out, '--precision', 'f32', '--transforms', 'V2'];
      const args = ['convert', join(folder, checkpoint), ...target];
      const { status, stderr } = await run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], {
        timeout: 120_000,
      });
      assert.equal(status, 0, stderr);
    }
    const model = await ResNet50.load({ weights: out, ...options });
    const rows = await model.logits({ tensor: floats(input), shape });
    await model.dispose();
    return Float32Array.from(rows.flatMap((row) => [...row]));
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-torchvision-'));
    const made = await run(PYTHON, [join(ROOT, 'tests', 'tools', 'torch_reference.py'), folder], { timeout: 120_000 });
    assert.equal(made.status, 0, made.stderr);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const checkpoint of ['seeded.pth', 'seeded-stream.pth']) {
    for (const shape of [
      [2, 3, 224, 224],
      [1, 3, 97, 64],
      [1, 3, 32, 33],
    ]) {
      const [n, , height, width] = shape;
      test(`${checkpoint}, ${n} x ${height} x ${width}: within 1e-4 of the logits' deviation`, async (t) => {
        const name = `seeded-${n}x${height}x${width}`;
        const expected = floats(`${name}.logits.f32`);
        const logits = await logitsOf(checkpoint, `${name}.f32`, shape, { threads: 2 });
        const difference = largestDifference(logits, expected) / deviation(expected);
        t.diagnostic(`largest difference over standard deviation: ${difference.toExponential(2)}`);
        assert.ok(difference <= 1e-4, String(difference));
      });
    }
  }

  test("the expected output of torchvision's own test suite, within 1e-3", {
    skip: !existsSync(EXPECTED) && `RESNET50_TEST_MATERIAL has no ${EXPECTED}`,
  }, async (t) => {
    const logits = await logitsOf('model-tester.pth', 'model-tester.f32', [1, 3, 224, 224], {});
    const difference = largestDifference(logits, readNpy(EXPECTED)[0]);
    t.diagnostic(`largest difference: ${difference.toExponential(2)}`);
    assert.ok(difference <= 1e-3, String(difference));
  });
});

function largestDifference(a, b) {
  assert.equal(a.length, b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

function deviation(values) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}
