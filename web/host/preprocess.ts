/**
 * The crop that the network sees as torch has it: the same float32 numbers as torchvision's to_tensor and normalize.
 */

import type { Transforms } from '../base/transforms.js';
import type { Preprocessed } from '../protocol/messages.js';

/** ((p / 255) - mean) / std for every level of a channel, each step rounded to float32. */
function valuesOf(mean: number, std: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, p) => fround(fround(p / 255) - fround(mean)) / fround(std));
}

/**
 * @param pixels RGB of a square crop, its own copy
 */
export function normalize(
  pixels: Uint8ClampedArray<ArrayBuffer>,
  side: number,
  { mean, std }: Transforms,
  layout: 'nchw' | 'nhwc',
): Preprocessed {
  const area = side * side;
  const first = layout === 'nchw';
  const tensor = new Float32Array(area * 3);
  for (let c = 0; c < 3; c++) {
    const values = valuesOf(mean[c as 0], std[c as 0]);
    for (let p = 0; p < area; p++)
      tensor[first ? c * area + p : p * 3 + c] = values[pixels[p * 3 + c] as number] as number;
  }
  return { tensor, shape: first ? [3, side, side] : [side, side, 3], pixels, width: side, height: side };
}
