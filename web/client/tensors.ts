/**
 * Tensors given in place of images.
 */
import { check, isArrayOf } from '../base/check.js';
import type { PreparedImage } from '../protocol/messages.js';

/**
 * A float32 batch [n, 3, height, width] (or one picture [3, height, width]), already normalized. Channels may be last, as
 * `preprocess` gives them for layout 'nhwc'.
 */
export interface TensorInput {
  tensor: Float32Array;
  shape: readonly [number, number, number] | readonly [number, number, number, number];
}

type PreparedTensor = Extract<PreparedImage, { kind: 'tensor' }>;

/** True for what `preprocess` gives, and its like. */
export const isTensor = (v: unknown): v is TensorInput =>
  typeof v === 'object' && v !== null && 'tensor' in v && 'shape' in v;

/** A tensor as a prepared input (copied). */
export function prepareTensor({ tensor, shape }: TensorInput, label: string): PreparedTensor {
  const full = Array.from(shape ?? []);
  if (full.length === 3) full.unshift(1);
  const last = full[1] !== 3 && full[3] === 3;
  const [n = 0, channels, height = 0, width = 0] = last ? [full[0], 3, full[1], full[2]] : full;
  const ok = full.length === 4 && channels === 3 && full.every((side) => Number.isInteger(side) && side > 0);
  check(
    ok && isArrayOf(tensor, 'Float32Array', n * 3 * height * width),
    label,
    `must be a Float32Array of shape [n, 3, height, width] or [3, height, width]; this one has ${tensor?.length} numbers and shape [${full.map(String)}]`,
  );
  const data = last ? channelsFirst(tensor, height * width) : new Float32Array(tensor);
  check(data.every(Number.isFinite), label, 'holds a number that is not finite');
  return { kind: 'tensor', name: label, data, shape: [n, 3, height, width] };
}

function channelsFirst(tensor: Float32Array, area: number): Float32Array<ArrayBuffer> {
  return new Float32Array(tensor.length).map((_, i) => {
    const picture = i - (i % (3 * area));
    return tensor[picture + (i % area) * 3 + Math.floor((i - picture) / area)] as number;
  });
}
