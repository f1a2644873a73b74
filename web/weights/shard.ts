/**
 * The layout of weight shards, which docs/weights-format.md describes, on the side of TypeScript: tensors taken out of
 * shards that the core has read, and put back. src/weights/shard_format.h is the core's side.
 */

import { formatSafetensors, headerOf } from '../base/safetensors.js';

/** Order of a convolution's weights: output channel, kernel row, kernel column, input channel; or torch's own. */
export type WeightOrder = 'OHWI' | 'OIHW';

type Bytes = Uint8Array<ArrayBuffer>;

/** A tensor of a shard, or those of its output channels that begin at `first`. */
export interface ShardTensor {
  /** As it is stored: 'fc.weight#256'. */
  name: string;
  /** The whole's: 'fc.weight'. */
  base: string;
  first: number;
  dtype: string;
  shape: number[];
  /** The shard's, if it says. */
  layout: string | undefined;
  /** A view of the shard. */
  bytes: Bytes;
}

/** Pieces of tensors by the whole's name. */
export type Tensors = Record<string, ShardTensor[]>;

/** A shard whose header was read. */
export interface ParsedShard {
  tensors: ShardTensor[];
  metadata: Record<string, string>;
}

/** Reads a shard that the core has checked. */
export function parseShard(bytes: Bytes): ParsedShard {
  const { header, data, metadata } = headerOf(bytes);
  const tensors = Object.entries(header).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]): ShardTensor => {
      const [base = '', first = '0'] = name.split('#');
      const view = bytes.subarray(data + begin, data + end);
      return { name, base, first: Number(first), dtype, shape, layout: metadata.layout, bytes: view };
    },
  );
  return { tensors, metadata };
}

/** A shard of these tensors of another one, whose metadata it keeps. */
export const formatShard = (tensors: readonly ShardTensor[], metadata: ParsedShard['metadata']): Bytes =>
  formatSafetensors(tensors, Object.keys(metadata).length > 0 ? metadata : undefined);

/** Tensors of several shards by name, joined where they are cut by output channels. */
export class JoinedTensors {
  readonly #pieces = new Map<
    string,
    Map<number, { values: Int8Array | Float32Array; shape: number[]; order: WeightOrder }>
  >();

  /** Of all these. */
  static of(tensors: Tensors): JoinedTensors {
    const joined = new JoinedTensors();
    for (const pieces of Object.values(tensors)) for (const piece of pieces) joined.add(piece);
    return joined;
  }

  /** Takes a copy of a tensor out of a shard. */
  add({ base, first, dtype, shape, layout, bytes }: ShardTensor): void {
    const { buffer } = bytes.slice();
    const values = dtype === 'I8' ? new Int8Array(buffer) : new Float32Array(buffer);
    const pieces = this.#pieces.get(base) ?? new Map();
    this.#pieces.set(base, pieces.set(first, { values, shape, order: orderOf(shape, layout) }));
  }

  has(name: string): boolean {
    return this.#pieces.has(name);
  }

  /** The numbers as they are stored (int8 codes without their scale), weights in the order asked for; undefined for none. */
  numbers(name: string, order: WeightOrder = 'OIHW'): Float32Array<ArrayBuffer> | undefined {
    const pieces = this.#pieces.get(name);
    if (pieces === undefined) return undefined;
    const parts = [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => reordered(piece, order));
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** A layer's real-valued weight: int8 codes times their scales. */
  weight(layer: string, order: WeightOrder): Float32Array<ArrayBuffer> | undefined {
    const weight = this.numbers(`${layer}.weight`, order);
    const scale = this.numbers(`${layer}.scale`);
    if (weight === undefined || scale === undefined) return weight;
    const row = weight.length / scale.length;
    for (let i = 0; i < weight.length; i++) weight[i] = (weight[i] as number) * (scale[Math.floor(i / row)] as number);
    return weight;
  }
}

/**
 * In which order a weight lies. The layout is that of kernels over 1x1, all others are OHWI. Shards of earlier versions say
 * nothing: there the shape tells, since no layer of ResNet-50 has as many input channels as kernel rows.
 */
function orderOf(shape: readonly number[], layout: string | undefined): WeightOrder {
  const [, second = 1, third = 1, last = 1] = shape;
  if (shape.length !== 4 || third === 1) return 'OHWI';
  if (layout === 'OIHW' || layout === 'OHWI') return layout;
  return third === last && second !== third ? 'OIHW' : 'OHWI';
}

/** The values of a weight in another order; of anything else as they are. */
function reordered(
  { values, shape, order }: { values: Int8Array | Float32Array; shape: readonly number[]; order: WeightOrder },
  wanted: WeightOrder,
): Int8Array | Float32Array {
  const [out = 1, second = 1, third = 1, last = 1] = shape;
  const [inputs, area] = order === 'OIHW' ? [second, third * last] : [last, second * third];
  if (shape.length !== 4 || order === wanted || area === 1) return values;
  const moved = values.slice();
  for (let o = 0; o < out; o++) {
    const row = o * area * inputs;
    for (let c = 0; c < inputs; c++) {
      for (let p = 0; p < area; p++) {
        const [ohwi, oihw] = [row + p * inputs + c, row + c * area + p];
        if (wanted === 'OHWI') moved[ohwi] = values[oihw] as number;
        else moved[oihw] = values[ohwi] as number;
      }
    }
  }
  return moved;
}
