// Heads on real features: photographs of the test material (CIFAR-10), the real checkpoint, and what scikit-learn makes of
// the same embeddings (tests/tools/sklearn_head.py); the command line. Skipped by name where any of these is absent.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { MATERIAL, testWeights, weightsMissing } from '../test-weights.mjs';
import { coreMissing, ROOT, run } from './helpers.mjs';

const PYTHON = '/usr/bin/python3';
const ARCHIVE = join(MATERIAL, 'datasets', 'cifar-10-jpeg.tar.xz');
const { status: noSklearn } = await run(PYTHON, ['-c', 'import sklearn']);
const noSet = !existsSync(ARCHIVE) && 'RESNET50_TEST_MATERIAL has no datasets/cifar-10-jpeg.tar.xz';
const skip = coreMissing() || weightsMissing() || noSet;

const CLASSES = ['airplane', 'cat', 'frog', 'horse', 'ship'];
const TRAINED = 20;
const TESTED = 60;

const cli = (args) => run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], { timeout: 240_000 });
const argmax = (row) => row.indexOf(Math.max(...row));

describe('heads on real features', { skip }, () => {
  let folder;
  let weights;
  let model;
  const sets = {};
  const filesOf = (part, label, count) =>
    readdirSync(join(folder, part, label))
      .sort()
      .slice(0, count)
      .map((file) => join(folder, part, label, file));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-fit-'));
    const patterns = CLASSES.flatMap((label) => [`train/${label}/00[01]*`, `test/${label}/00[0-5]*`]);
    const unpacked = spawnSync('tar', ['-xJf', ARCHIVE, '-C', folder, '--wildcards', ...patterns]);
    assert.equal(unpacked.status, 0, String(unpacked.stderr));
    weights = await testWeights();
    const { ResNet50 } = await import('../../dist/index.node.js');
    model = await ResNet50.load({ weights });
    for (const [part, count] of [
      ['train', TRAINED],
      ['test', TESTED],
    ]) {
      const list = CLASSES.flatMap((label) => filesOf(part, label, count).map((path) => ({ label, path })));
      const embeddings = await model.embed(list.map(({ path }) => path));
      sets[part] = list.map((entry, i) => ({ ...entry, embedding: embeddings[i] }));
    }
  });
  after(async () => {
    await model?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** Probabilities of the model's present head for the test set. */
  async function probabilities(head) {
    const { exp } = Math;
    const { values: weight } = await head.parameter('fc.weight');
    const { values: bias } = await head.parameter('fc.bias');
    return sets.test.map(({ embedding }) => {
      const logits = [...bias].map((b, c) => embedding.reduce((s, x, k) => s + x * weight[c * 2048 + k], b));
      const most = Math.max(...logits);
      const sum = logits.reduce((s, l) => s + exp(l - most), 0);
      return logits.map((l) => exp(l - most) / sum);
    });
  }
  const accuracyOf = (rows) =>
    rows.filter((row, i) => CLASSES[argmax(row)] === sets.test[i].label).length / rows.length;

  test("as accurate as scikit-learn's LogisticRegression, and the same probabilities; the same votes", {
    skip: noSklearn !== 0 && 'python3-sklearn is not installed',
  }, async (t) => {
    const report = await model.fit(sets.train, { holdOut: 0, epochs: 2000 });
    assert.equal(report.converged, true);
    const ours = await probabilities(model);
    for (const part of ['train', 'test']) {
      const rows = Buffer.concat(sets[part].map(({ embedding }) => Buffer.from(embedding.slice().buffer)));
      writeFileSync(join(folder, `${part}.f32`), rows);
    }
    const labels = { train: sets.train.map(({ label }) => label), test: sets.test.map(({ label }) => label) };
    writeFileSync(join(folder, 'labels.json'), JSON.stringify({ ...labels, l2: report.l2, k: 5 }));
    const { status, stdout, stderr } = await run(PYTHON, [join(ROOT, 'tests', 'tools', 'sklearn_head.py'), folder], {
      timeout: 120_000,
    });
    assert.equal(status, 0, stderr);
    const theirs = JSON.parse(stdout);
    const accuracy = accuracyOf(ours);
    const furthest = Math.max(...ours.flatMap((row, i) => row.map((p, c) => Math.abs(p - theirs.probabilities[i][c]))));
    const percent = (share) => (100 * share).toFixed(2);
    t.diagnostic(
      `held-out accuracy, %: ours ${percent(accuracy)}, scikit-learn with the same penalty ${percent(theirs.accuracy)}, with its own ${percent(theirs.defaultAccuracy)}; probabilities differ by ${furthest.toExponential(1)} at most; ${report.epochs} epochs`,
    );
    assert.ok(Math.abs(accuracy - theirs.accuracy) <= 0.005, `${accuracy}, not ${theirs.accuracy}`);
    assert.ok(accuracy >= theirs.defaultAccuracy - 0.005, `${accuracy}, below the default's ${theirs.defaultAccuracy}`);
    assert.ok(furthest < 0.005, `probabilities differ by ${furthest}`);

    await model.fit(sets.train, { method: 'knn', k: 5 });
    const some = sets.test.filter((_, i) => i % 10 === 0);
    for (const [i, { path }] of some.entries()) {
      const votes = await model.classify(path, { topK: Number.POSITIVE_INFINITY });
      for (const { index, score } of votes) {
        assert.ok(Math.abs(score - theirs.votes[i * 10][index]) < 1e-4, `${path}: ${score}`);
      }
    }
    await model.reset();
  });

  test('classify agrees with the head on embeddings; explain adds up; a head of int8 features on f32 ones is warned of', async () => {
    await model.fit(sets.train);
    const expected = await probabilities(model);
    for (let i = 0; i < sets.test.length; i += 25) {
      const { path } = sets.test[i];
      const answer = await model.classify(path);
      for (const { index, score } of answer) assert.ok(Math.abs(score - expected[i][index]) < 1e-5);
      const map = await model.explain(path);
      assert.deepEqual([map.index, map.label], [answer[0].index, answer[0].label]);
    }
    const { ResNet50 } = await import('../../dist/index.node.js');
    const warn = mock.method(console, 'warn', () => undefined);
    const f32 = await ResNet50.load({ weights, precision: 'f32', head: await model.save() });
    warn.mock.restore();
    assert.match(warn.mock.calls[0].arguments[0], /features of pqf in int8, not of pqf in f32/);
    const { values: bias } = await f32.parameter('fc.bias');
    for (let i = 0; i < sets.test.length; i += 50) {
      const { path } = sets.test[i];
      const map = await f32.explain(path);
      assert.ok(CLASSES.includes(map.label));
      // Exact but for float32's rounding; with int8 weights the pooled features are rounded to eight bits, the map's are not.
      const mean = map.grid.data.reduce((a, b) => a + b, 0) / map.grid.data.length;
      const logits = await f32.logits(path);
      assert.ok(
        Math.abs(mean + bias[map.index] - logits[map.index]) < 1e-3,
        `${mean + bias[map.index]} ${logits[map.index]}`,
      );
    }
    await f32.dispose();
    await model.reset();
  });

  test('the commands: fit a folder, classify with the head', async () => {
    const examples = join(folder, 'examples');
    for (const label of ['horse', 'ship']) {
      mkdirSync(join(examples, label), { recursive: true });
      for (const [i, path] of filesOf('train', label, 6).entries()) await cp(path, join(examples, label, `${i}.jpg`));
    }
    const head = join(folder, 'head.safetensors');
    const fitted = await cli(['fit', examples, '--out', head, '--weights', weights, '--json']);
    assert.equal(fitted.status, 0, fitted.stderr);
    const report = JSON.parse(fitted.stdout);
    assert.deepEqual([report.classes, report.examples], [['horse', 'ship'], { trained: 10, heldOut: 2 }]);
    const [horse, ship] = [filesOf('test', 'horse', 1)[0], filesOf('test', 'ship', 1)[0]];
    const answer = await cli(['classify', horse, ship, '--weights', weights, '--head', head, '--json']);
    assert.equal(answer.status, 0, answer.stderr);
    const labels = JSON.parse(answer.stdout).map(({ classes }) => classes.map(({ label }) => label).sort());
    assert.deepEqual(labels, [
      ['horse', 'ship'],
      ['horse', 'ship'],
    ]);

    await writeFile(join(examples, 'ship', 'broken.jpg'), 'no picture');
    const broken = await cli(['fit', examples, '--out', head, '--weights', weights, '--method', 'knn', '-k', '3']);
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /left out: .*broken\.jpg/);
    assert.match(broken.stdout, /2 classes \(horse, ship\)\n12 pictures vote/);
    const explained = await cli([
      'explain',
      ship,
      '--weights',
      weights,
      '--head',
      head,
      '--out',
      join(folder, 'h.png'),
    ]);
    assert.match(explained.stdout, /^(horse|ship) {2}/, explained.stderr);
    for (const [args, status, says] of [
      [['fit'], 2, /name one FOLDER/],
      [['fit', examples], 2, /--out/],
      [['fit', examples, '--out', head, '--l2', 'x'], 2, /--l2 x/],
      [['fit', join(folder, 'nowhere'), '--out', head], 1, /there is no such file/],
      [['fit', join(examples, 'horse'), '--out', head], 1, /neither labels.json nor a folder of photos for each class/],
      [['classify', ship, '--weights', weights, '--head', ship], 1, /no head that model\.save\(\) wrote/],
    ]) {
      const refused = await cli(args);
      assert.equal(refused.status, status, refused.stderr);
      assert.match(refused.stderr, says);
    }
  });
});
