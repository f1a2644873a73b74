// Maps as pixels: transparency, order of lightness, and what is no evidence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { heatmapPixels } = await importSource('client/heatmap.ts');
const lightness = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

test('stronger is lighter and clearer; nothing and evidence against are transparent', () => {
  const data = Float32Array.from([-3, 0, ...Array.from({ length: 20 }, (_, i) => (i + 1) / 4)]);
  const pixels = heatmapPixels({ data });
  const at = (i) => pixels.subarray(i * 4, i * 4 + 4);
  assert.deepEqual([at(0)[3], at(1)[3]], [0, 0]);
  for (let i = 2; i < data.length; i++) {
    assert.ok(lightness(at(i)) > lightness(at(i - 1)), `${i}`);
    assert.ok(at(i)[3] >= at(i - 1)[3] && at(i)[3] > 0, `${i}`);
  }
  assert.ok(at(data.length - 1)[3] < 255, 'the picture stays visible');
});

test('a map without evidence is transparent', () => {
  for (const data of [Float32Array.of(-1, -2), new Float32Array(4)])
    assert.ok(heatmapPixels({ data }).every((v, i) => i % 4 !== 3 || v === 0));
});
