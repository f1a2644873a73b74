// layer4 out of shards in every way that a layer may lie in them: whole or cut by output channels, kernels last or first,
// int8 or float32.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { takeLayer4, scaleChannels } = await importSource('training/layer4.ts');
const { formatSafetensors } = await importSource('base/safetensors.ts');

const [OUT, IN] = [6, 5];
const LAYERS = [0, 1, 2].flatMap((block) =>
  ['conv1', 'conv2', ...(block === 0 ? ['downsample.0'] : []), 'conv3'].map((part) => ({
    name: `layer4.${block}.${part}`,
    side: part === 'conv2' ? 3 : 1,
  })),
);
const bytesOf = (values) => new Uint8Array(values.buffer.slice(0));
/** The code at an output channel, a position of the kernel and an input channel. */
const code = (o, p, i) => ((o * 31 + p * 7 + i * 3) % 255) - 127;
const scale = (o) => 0.01 * (o + 1);
const bias = (o) => o - 2.5;

/** The tensors of output channels [first, end) of a layer. */
function piece({ name, side }, dtype, kernelsFirst, first, end) {
  const area = side * side;
  const codes = [];
  for (let o = first; o < end; o++) {
    for (let a = 0; a < (kernelsFirst ? IN : area); a++) {
      for (let b = 0; b < (kernelsFirst ? area : IN); b++) codes.push(kernelsFirst ? code(o, b, a) : code(o, a, b));
    }
  }
  const channels = Array.from({ length: end - first }, (_, k) => first + k);
  const floats = (of) => ({ dtype: 'F32', shape: [channels.length], bytes: bytesOf(Float32Array.from(channels, of)) });
  const shape = kernelsFirst ? [channels.length, IN, side, side] : [channels.length, side, side, IN];
  const mark = end - first === OUT ? '' : `#${first}`;
  return [
    {
      name: `${name}.weight${mark}`,
      dtype,
      shape,
      bytes: bytesOf((dtype === 'I8' ? Int8Array : Float32Array).from(codes)),
    },
    { name: `${name}.bias${mark}`, ...floats(bias) },
    ...(dtype === 'I8' ? [{ name: `${name}.scale${mark}`, ...floats(scale) }] : []),
  ];
}

const source = (...shards) => ({
  files: shards.map((tensors) => ({ file: 'shard', bytes: formatSafetensors(tensors) })),
});

for (const dtype of ['I8', 'F32']) {
  for (const kernelsFirst of [false, true]) {
    test(`${dtype}, kernels ${kernelsFirst ? 'together' : 'apart'}, whole and in pieces of any order`, () => {
      const take = (layer, first, end) => piece(layer, dtype, kernelsFirst && layer.side > 1, first, end);
      const whole = source(LAYERS.flatMap((layer) => take(layer, 0, OUT)));
      const cut = source(
        LAYERS.flatMap((layer) => take(layer, 4, OUT)),
        LAYERS.flatMap((layer) => take(layer, 0, 4)),
      );
      for (const { parameters, factors } of [takeLayer4(whole), takeLayer4(cut)]) {
        assert.deepEqual(factors, { input: undefined, output: undefined });
        assert.equal(Object.keys(parameters).length, 2 * LAYERS.length);
        for (const { name, side } of LAYERS) {
          const weight = parameters[`${name}.weight`];
          assert.equal(weight.length, OUT * side * side * IN, name);
          assert.deepEqual(
            [...parameters[`${name}.bias`]],
            Array.from({ length: OUT }, (_, o) => bias(o)),
          );
          for (const [at, value] of weight.entries()) {
            const [o, p, i] = [Math.floor(at / (side * side * IN)), Math.floor(at / IN) % (side * side), at % IN];
            const expected = code(o, p, i) * (dtype === 'I8' ? Math.fround(scale(o)) : 1);
            assert.ok(Math.abs(value - expected) < 1e-5, `${name} at ${o}, ${p}, ${i}: ${value}, not ${expected}`);
          }
        }
      }
    });
  }
}

test('a layer that is not there is named; factors of equalization come along and scale', () => {
  const tensors = LAYERS.flatMap((layer) => piece(layer, 'F32', false, 0, OUT));
  const without = tensors.filter(({ name }) => name !== 'layer4.1.conv2.bias');
  assert.throws(() => takeLayer4(source(without)), { code: 'WEIGHTS_MISMATCH', subject: 'layer4.1.conv2' });
  const factors = { dtype: 'F32', shape: [OUT], bytes: bytesOf(Float32Array.of(1, 2, 4, 8, 16, 32)) };
  const { output } = takeLayer4(
    source([...tensors, { name: 'layer4.0.downsample.0.equalization', ...factors }]),
  ).factors;
  assert.deepEqual([...output], [1, 2, 4, 8, 16, 32]);
  const values = Float32Array.from({ length: 12 }, () => 8);
  assert.deepEqual([...scaleChannels(values.slice(), output, 2, true)], [8, 8, 4, 4, 2, 2, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  assert.deepEqual([...scaleChannels(values.slice(), undefined, 2)], [...values]);
});
