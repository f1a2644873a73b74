// What the network sees and says beyond labels, against torchvision (tests/tools/torch_model.py): preprocessing, ten
// crops, parameters, features, class activation maps. Skipped by name where the core or torchvision is absent.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { coreMissing, ROOT, run } from './helpers.mjs';

const PYTHON = '/usr/bin/python3';
const { status: noTorch } = await run(PYTHON, ['-c', 'import torchvision']);
const skip = coreMissing() || (noTorch !== 0 && 'python3-torchvision is not installed');

const cli = (args) => run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], { timeout: 240_000 });

describe('beside torchvision', { skip }, () => {
  let folder;
  let model;
  const file = (name) => join(folder, name);
  const json = (name) => JSON.parse(readFileSync(file(name), 'utf8'));
  const floats = (name) => {
    const bytes = readFileSync(file(name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-model-'));
    const tool = join(ROOT, 'tests', 'tools', 'torch_model.py');
    const made = await run(PYTHON, ['-B', tool, join(ROOT, 'tests', 'data', 'pictures'), folder], { timeout: 240_000 });
    assert.equal(made.status, 0, made.stderr);
    const converted = await cli([
      'convert',
      file('seeded.pth'),
      '--name',
      'seeded',
      '--out',
      file('weights'),
      '--precision',
      'f32',
      '--transforms',
      'V2',
    ]);
    assert.equal(converted.status, 0, converted.stderr);
    const { ResNet50 } = await import('../../dist/index.node.js');
    model = await ResNet50.load({ weights: file('weights') });
  });
  after(async () => {
    await model?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test('preprocess gives the numbers of weights.transforms(), bit for bit from the same pixels', async (t) => {
    for (const { options, expected } of json('tensors.json')) {
      const { close, ...given } = options;
      const { tensor, shape } = await model.preprocess(file('picture.png'), given);
      const wanted = floats(expected);
      assert.deepEqual(shape, [3, Math.sqrt(wanted.length / 3), Math.sqrt(wanted.length / 3)]);
      const different = tensor.filter((v, i) => v !== wanted[i]).length;
      if (!close) assert.equal(different, 0, JSON.stringify(options));
      // Without antialiasing torchvision itself differs by a level here and there; see src/image/resize_tensor.h.
      const level = 1 / 255 / 0.224;
      assert.ok(different <= tensor.length / 5000, `${different} values of ${tensor.length}`);
      assert.ok(tensor.every((v, i) => Math.abs(v - wanted[i]) < 1.001 * level));
      if (close) t.diagnostic(`without antialiasing: ${different} of ${tensor.length} values differ by a level`);
    }
  });

  test('preprocess: the other layout and the 8-bit crop are of the same pixels', async () => {
    const first = await model.preprocess(file('picture.png'));
    const [last] = await model.preprocess([file('picture.png')], { layout: 'nhwc' });
    assert.deepEqual([first.width, first.height, last.shape], [224, 224, [224, 224, 3]]);
    assert.ok(last.pixels instanceof Uint8ClampedArray);
    assert.deepEqual(first.pixels, last.pixels);
    const { mean, std } = model.info().transforms;
    for (const p of [0, 777, 224 * 224 - 1]) {
      for (let c = 0; c < 3; c++) {
        assert.equal(first.tensor[c * 224 * 224 + p], last.tensor[p * 3 + c]);
        assert.ok(Math.abs((last.pixels[p * 3 + c] / 255 - mean[c]) / std[c] - last.tensor[p * 3 + c]) < 1e-6);
      }
    }
  });

  test('logits of the preprocessed tensor are the logits of the picture', async () => {
    const { tensor, shape } = await model.preprocess(file('picture.png'));
    assert.deepEqual(await model.logits({ tensor, shape }), await model.logits(file('picture.png')));
  });

  test('ten crops: the mean of the probabilities of torchvision’s ten_crop, within 1e-4 of the largest', async (t) => {
    const wanted = floats('ten-crop.f32');
    const scores = new Float32Array(wanted.length);
    const all = await model.classify(file('picture.png'), { crops: 10, topK: Number.POSITIVE_INFINITY });
    for (const { index, score } of all) scores[index] = score;
    const worst = scores.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i])), 0) / Math.max(...wanted);
    t.diagnostic(`largest difference over the largest probability: ${worst.toExponential(2)}`);
    assert.ok(worst <= 1e-4, String(worst));
  });

  test('two crops are the picture and its mirror image', async () => {
    const { pixels, width, height } = await model.preprocess(file('picture.png'));
    const mirrored = new Uint8Array(pixels.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * 3;
        mirrored.set(pixels.subarray(at, at + 3), (y * width + width - 1 - x) * 3);
      }
    }
    const options = { topK: Number.POSITIVE_INFINITY };
    const byIndex = (list) => [...list].sort((a, b) => a.index - b.index).map(({ score }) => score);
    const identity = { ...options, transforms: { resizeSize: 224 } };
    const one = byIndex(await model.classify(file('picture.png'), options));
    const other = byIndex(await model.classify({ data: mirrored, width, height }, identity));
    const both = byIndex(await model.classify(file('picture.png'), { ...options, crops: 2 }));
    assert.ok(both.every((v, i) => Math.abs(v - (one[i] + other[i]) / 2) < 1e-12));
  });

  test('crops, regions and angles that cannot be are refused by name; the next call works', async () => {
    const picture = file('picture.png');
    const whole = { left: 0, top: 0, right: 1, bottom: 1 };
    const bad = [
      [{ crops: 3 }, 'crops'],
      [{ crops: 10, transforms: { resizeSize: 200 } }, 'crops'],
      [{ rotate: 45 }, 'rotate'],
      [{ region: { ...whole, left: 1 } }, 'region'],
      [{ region: { ...whole, right: 1.5 } }, 'region'],
      [{ region: { ...whole, top: Number.NaN } }, 'region'],
      [{ region: { ...whole, right: 1e-9 } }, 'region'],
      [{ transforms: { antialias: 1 } }, 'transforms.antialias'],
      [{ transforms: { mean: [Number.NaN, 0, 0] } }, 'transforms.mean'],
    ];
    for (const [options, subject] of bad) {
      await assert.rejects(model.classify(picture, options), { code: 'INVALID_ARGUMENT', subject }, subject);
    }
    await assert.rejects(model.preprocess(picture, { layout: 'chw' }), { subject: 'layout' });
    assert.equal((await model.classify(picture)).length, 5);
  });

  test('parameters and buffers have torch’s names, shapes and counts, in its order', () => {
    const { parameters, buffers } = json('parameters.json');
    const listed = (specs) => specs.map(({ name, shape, count }) => [name, shape, count]);
    assert.deepEqual(listed(model.parameters()), parameters);
    assert.deepEqual(listed(model.buffers()), buffers);
    assert.equal(
      parameters.reduce((sum, [, , count]) => sum + count, 0),
      25_557_032,
    );
  });

  test('values from f32 weights: bit for bit, convolutions to the last bits', async () => {
    for (const [name, at] of Object.entries(json('values.json'))) {
      const wanted = floats(at);
      const { values, shape, exact, folded } = await model.parameter(name);
      assert.equal(values.length, wanted.length, name);
      assert.equal(
        shape.reduce((product, n) => product * n, 1),
        wanted.length,
      );
      assert.deepEqual([exact, folded], [shape.length !== 4, false], name);
      // Folding and unfolding round once each: half a unit in the last place (2^-24 of the value) twice, at most.
      const limit = exact ? 0 : 2 ** -23;
      const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i]) / Math.abs(wanted[i])), 0);
      assert.ok(worst <= limit, `${name}: ${worst}`);
    }
  });

  test('parameters that do not exist or are not kept are refused by name', async () => {
    await assert.rejects(model.parameter('layer4.3.conv1.weight'), {
      code: 'INVALID_ARGUMENT',
      subject: 'layer4.3.conv1.weight',
    });
    await assert.rejects(model.parameter('layer4.2.bn3'), /layer4\.2\.bn3\.weight/);
    await assert.rejects(model.parameter('bn1.num_batches_tracked'), /training only/);
    const { ResNet50 } = await import('../../dist/index.node.js');
    const random = await ResNet50.load({ weights: null, classes: 3 });
    assert.deepEqual(random.parameters().at(-1), { name: 'fc.bias', shape: [3], count: 3 });
    await assert.rejects(random.parameter('fc.bias'), { code: 'INVALID_ARGUMENT' });
    await random.dispose();
  });

  test('summary: 4.089 billion multiply-accumulates, containers count what they hold', () => {
    const summary = model.summary();
    assert.equal(summary.macs, 4_089_184_256); // torchvision's _ops says 4.089
    assert.equal(summary.parameters, 25_557_032);
    const row = (name) => summary.rows.find((r) => r.name === name);
    assert.deepEqual(row('layer4'), {
      name: 'layer4',
      type: 'Sequential',
      depth: 1,
      output: [1, 2048, 7, 7],
      parameters: 14_964_736,
      macs: row('layer4').macs,
    });
    assert.equal(row('conv1').macs, 118_013_952);
    assert.deepEqual(row('fc').output, [1, 1000]);
    assert.deepEqual(
      model.summary({ inputSize: [97, 64], batch: 2 }).rows.find((r) => r.name === 'layer4').output,
      [2, 2048, 4, 2],
    );
    assert.match(String(model.summary({ depth: 1 })), /^layer1 +Sequential +\[1, 256, 56, 56\] +215,808 /m);
    assert.throws(() => model.summary({ inputSize: 8 }), { code: 'INVALID_ARGUMENT', subject: 'inputSize' });
  });

  test('stages are those of create_feature_extractor, within 1e-4 of their deviation', async (t) => {
    const listed = json('features.json');
    const input = { tensor: floats('features-input.f32'), shape: [2, 3, 96, 64] };
    const stages = Object.keys(listed);
    const results = await model.features(input, stages);
    assert.equal(results.length, 2);
    for (const [stage, { file: at, shape }] of Object.entries(listed)) {
      assert.deepEqual(results[0][stage].shape, shape.slice(1), stage);
      const both = Float32Array.from([...results[0][stage].data, ...results[1][stage].data]);
      const worst = difference(both, floats(at));
      t.diagnostic(`${stage}: ${worst.toExponential(2)}`);
      assert.ok(worst <= 1e-4, `${stage}: ${worst}`);
    }
    const [, second] = await model.embed(input);
    assert.deepEqual(second, results[1].avgpool.data);
    assert.deepEqual((await model.features(input, 'layer3'))[1], results[1].layer3);
  });

  test('features of pictures: one, several, a tensor of one; logits are unharmed', async () => {
    const picture = file('picture.png');
    const before = await model.logits(picture);
    const one = await model.features(picture, 'layer2');
    assert.deepEqual(one.shape, [512, 28, 28]);
    const vector = await model.embed(picture);
    assert.equal(vector.length, 2048);
    assert.deepEqual(await model.embed([picture, picture]), [vector, vector]);
    const { tensor, shape } = await model.preprocess(picture);
    assert.deepEqual(await model.features({ tensor, shape }, 'layer2'), one);
    assert.deepEqual(await model.logits(picture), before);
  });

  test('stages that cannot be had are refused by name; the next call works', async () => {
    for (const stage of ['layer5', 'conv1', 'fc', 'layer4.3', 'layer', 'layer1.0.conv1', '__proto__']) {
      await assert.rejects(model.features(file('picture.png'), stage), { code: 'INVALID_ARGUMENT', subject: stage });
    }
    for (const stage of ['', [], 3, undefined, ['layer1', '']]) {
      await assert.rejects(model.features(file('picture.png'), stage), { code: 'INVALID_ARGUMENT', subject: 'stage' });
    }
    assert.equal((await model.embed(file('picture.png'))).length, 2048);
  });

  test('embed: a .npy file that NumPy reads, with the rows of the pictures that could be read', async () => {
    const [picture, square, out, names] = ['picture.png', 'square.png', 'vectors.npy', 'names.txt'].map(file);
    const args = [
      'embed',
      picture,
      file('seeded.pth'),
      square,
      '--out',
      out,
      '--names',
      names,
      '--weights',
      file('weights'),
    ];
    const { status, stderr } = await cli(args);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /seeded\.pth/);
    assert.deepEqual(readFileSync(names, 'utf8').split('\n'), [picture, square, '']);
    const script = `import numpy, sys; v = numpy.load(sys.argv[1]); print(v.dtype, v.shape); v.tofile(sys.argv[2])`;
    const loaded = await run(PYTHON, ['-c', script, out, file('vectors.f32')]);
    assert.equal(loaded.stdout, 'float32 (2, 2048)\n', loaded.stderr);
    const [a, b] = await model.embed([picture, square]);
    assert.deepEqual(floats('vectors.f32'), Float32Array.from([...a, ...b]));
    assert.equal((await cli(['embed', picture])).status, 2);
    assert.equal((await cli(['embed', picture, '--out', file('no/such/folder.npy')])).status, 1);
  });

  describe('class activation maps', () => {
    const picture = () => file('square.png'); // 320 x 232: the resize leaves it alone, the crop begins at 48, 4
    const map = () => floats('square-cam.f32');
    /** The picture's pixels as raw RGB. */
    const pixels = async () => {
      const out = file('square.rgb');
      const script = `import sys; from PIL import Image; open(sys.argv[2], 'wb').write(Image.open(sys.argv[1]).tobytes())`;
      const { status, stderr } = await run(PYTHON, ['-c', script, picture(), out]);
      assert.equal(status, 0, stderr);
      return new Uint8Array(readFileSync(out));
    };

    test('are sums of the last stage weighed by the classifier, enlarged as interpolate does', async (t) => {
      const { index, score } = json('square.json');
      const explained = await model.explain(picture(), { index, maxSide: Number.POSITIVE_INFINITY });
      assert.deepEqual([explained.index, explained.width, explained.height], [index, 320, 232]);
      assert.ok(Math.abs(explained.score - score) <= 1e-5 * score, `${explained.score} ${score}`);
      assert.deepEqual([explained.grid.width, explained.grid.height], [7, 7]);
      const worst = difference(explained.grid.data, map());
      t.diagnostic(`map: ${worst.toExponential(2)}`);
      assert.ok(worst <= 1e-4, String(worst));
      assert.deepEqual(explained.box, { left: 48 / 320, top: 4 / 232, right: 272 / 320, bottom: 228 / 232 });
      const [inside, enlarged] = [[], floats('enlarged.f32')];
      for (let y = 0; y < 232; y++) {
        for (let x = 0; x < 320; x++) {
          const value = explained.data[y * 320 + x];
          if (x >= 48 && x < 272 && y >= 4 && y < 228) inside.push(value);
          else assert.equal(value, 0, `${x}, ${y}`);
        }
      }
      assert.ok(difference(inside, enlarged) <= 1e-4);
    });

    test('the mean of the map and the bias make the logit; unasked, the best class is explained', async () => {
      const { best } = json('square.json');
      const { grid, index, score, label } = await model.explain(picture());
      const [expected] = await model.classify(picture(), { topK: 1 });
      assert.deepEqual({ index, score, label }, { index: best, score: expected.score, label: expected.label });
      const logits = await model.logits(picture());
      const { values: bias } = await model.parameter('fc.bias');
      const mean = grid.data.reduce((sum, v) => sum + v, 0) / 49;
      assert.ok(Math.abs(mean + bias[index] - logits[index]) <= 1e-4 * Math.abs(logits[index]));
    });

    test('lie on the picture however it was turned or cut', async () => {
      const { index } = json('square.json');
      const data = await pixels();
      const upright = await model.explain({ data, width: 320, height: 232 }, { index });
      // Where a pixel of the upright picture lies in one that turning clockwise by the angle makes upright.
      const stored = {
        90: (x, y) => [y, 319 - x],
        180: (x, y) => [319 - x, 231 - y],
        270: (x, y) => [231 - y, x],
      };
      for (const [angle, place] of Object.entries(stored)) {
        const rotate = Number(angle);
        const [width, height] = rotate === 180 ? [320, 232] : [232, 320];
        const at = (x, y) => place(x, y)[1] * width + place(x, y)[0];
        const lying = new Uint8Array(data.length);
        for (let i = 0; i < 320 * 232; i++) {
          lying.set(data.subarray(i * 3, i * 3 + 3), at(i % 320, Math.floor(i / 320)) * 3);
        }
        const turned = await model.explain({ data: lying, width, height }, { index, rotate });
        assert.deepEqual([turned.width, turned.height], [width, height]);
        for (const [x, y] of [
          [60, 20],
          [200, 100],
          [271, 227],
          [10, 10],
        ]) {
          const [a, b] = [upright.data[y * 320 + x], turned.data[at(x, y)]];
          assert.ok(Math.abs(a - b) <= 1e-5 * Math.abs(a) + 1e-9, `${rotate}: ${x}, ${y}: ${a} ${b}`);
        }
      }
    });

    test('of a region lie inside it', async () => {
      const region = { left: 0.25, top: 0.25, right: 0.75, bottom: 1 };
      const { box, data, width, height } = await model.explain(picture(), { region });
      // 160 x 174, resized to 232 x 252, of which the crop leaves out 4 columns and 14 rows a side.
      const [column, row] = [(160 / 232 / 320) * 4, (174 / 252 / 232) * 14];
      const near = (a, b) => Math.abs(a - b) < 1e-12;
      assert.ok(near(box.left, 0.25 + column) && near(box.right, 0.75 - column), JSON.stringify(box));
      assert.ok(near(box.top, 0.25 + row) && near(box.bottom, 1 - row), JSON.stringify(box));
      for (const [i, value] of data.entries()) {
        const [x, y] = [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height];
        const inside = x > box.left && x < box.right && y > box.top && y < box.bottom;
        assert.equal(value !== 0, inside, `${x}, ${y}`);
      }
    });

    test('explain: a PNG that Pillow reads, transparent where the network did not look; the crop with the map', async () => {
      const { index } = json('square.json');
      const args = ['explain', picture(), '--weights', file('weights'), '--class', String(index), '--out'];
      const { status, stdout, stderr } = await cli([...args, file('heat.png')]);
      assert.equal(status, 0, stderr);
      assert.match(stdout, / {2}\d+\.\d%\n$/);
      assert.equal((await cli([...args, file('crop.png'), '--on-crop'])).status, 0);
      const script = `import sys; from PIL import Image
for name in sys.argv[1:]: image = Image.open(name); print(image.mode, image.size, image.getpixel((10, 10)), sep=';')`;
      const read = await run(PYTHON, ['-c', script, file('heat.png'), file('crop.png')]);
      const [heat, crop] = read.stdout.split('\n');
      assert.match(heat, /^RGBA;\(320, 232\);\(\d+, \d+, \d+, 0\)$/, read.stderr);
      assert.match(crop, /^RGB;\(224, 224\);/);
      assert.equal((await cli(['explain', picture()])).status, 2);
      const bad = await cli([...args, file('no/folder.png')]);
      assert.deepEqual([bad.status, /no\/folder\.png/.test(bad.stderr)], [1, true]);
    });

    test('classes by label; ones that do not exist are refused; maxSide bounds the map', async () => {
      const { label } = await model.explain(picture());
      const [small] = await model.explain([picture()], { index: label.toUpperCase(), maxSide: 64 });
      assert.deepEqual([small.width, small.height, small.data.length, small.label], [64, 46, 64 * 46, label]);
      for (const index of [1000, -1, 1.5, Number.NaN, 'no such thing', {}]) {
        await assert.rejects(model.explain(picture(), { index }), { code: 'INVALID_ARGUMENT', subject: 'index' });
      }
      await assert.rejects(model.explain(picture(), { maxSide: 0 }), { subject: 'maxSide' });
      assert.equal((await model.classify(picture())).length, 5);
    });
  });
});

/** Largest difference over the standard deviation of what is expected. */
function difference(values, expected) {
  assert.equal(values.length, expected.length);
  const mean = expected.reduce((sum, v) => sum + v, 0) / expected.length;
  const deviation = Math.sqrt(expected.reduce((sum, v) => sum + (v - mean) ** 2, 0) / expected.length);
  return values.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0) / deviation;
}
