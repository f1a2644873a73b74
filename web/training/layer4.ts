/**
 * layer4 and fc in shards: taken out as float32 for training, and put back, in the layout of
 * src/network/shard_loader.h. Everything stays in the terms of the quantized network: what equalization divided
 * channels by stays divided, and `factors` say by what.
 */
import { ResNet50Error } from '../base/errors.js';
import { parameterCount } from '../base/resnet50.js';
import { formatSafetensors, headerOf, splitName } from '../base/safetensors.js';
import { sha256 } from '../base/sha256.js';
import type { Transforms } from '../base/transforms.js';
import type { FitReport } from '../protocol/training.js';
import type { Manifest, Precision, Shard } from '../weights/manifest.js';
import type { FilesSource, StoredFile } from '../weights/source.js';

type Numbers = Float32Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;

/** A tensor in a file; `bytes` are a copy. */
interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Bytes;
}

/** What training replaces: weights, scales, biases and batch norms, but not the factors of equalization. */
const isReplaced = (name: string): boolean =>
  name.startsWith('fc.') || (name.startsWith('layer4.') && !/\.equalization(#|$)/.test(name));

/** The tensors of a safetensors file that the core has read. */
function tensorsOf({ bytes }: StoredFile): Tensor[] {
  const { header, data } = headerOf(bytes);
  return Object.entries(header).map(([name, { dtype, shape, data_offsets }]) => ({
    ...{ name, dtype, shape },
    bytes: bytes.slice(data + data_offsets[0], data + data_offsets[1]),
  }));
}

/** Output channels of layers that are cut by them, joined. */
class Joined {
  readonly #pieces = new Map<string, Map<number, Tensor>>();

  constructor(files: readonly StoredFile[]) {
    for (const tensor of files.flatMap(tensorsOf)) {
      const [base, first] = splitName(tensor.name);
      this.#pieces.set(base, (this.#pieces.get(base) ?? new Map()).set(first, tensor));
    }
  }

  /** Numbers of a tensor, [out, height, width, in], as they are stored; undefined where there is none. */
  numbers(name: string): Numbers | undefined {
    const pieces = this.#pieces.get(name);
    if (pieces === undefined) return undefined;
    const parts = [...pieces].sort(([a], [b]) => a - b).map(([, tensor]) => channelsLast(tensor));
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** Kernels over 1x1 may lie as torch has them. */
function channelsLast({ dtype, shape, bytes }: Tensor): Int8Array | Float32Array {
  const values = dtype === 'I8' ? new Int8Array(bytes.buffer) : new Float32Array(bytes.buffer);
  const [out = 1, second = 1, third = 1, last = 1] = shape;
  if (shape.length !== 4 || third === 1 || second === third) return values;
  const [inputs, area] = [second, third * last];
  const moved = values.slice();
  for (let o = 0; o < out; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let p = 0; p < area; p++) moved[(o * area + p) * inputs + c] = values[(o * inputs + c) * area + p] as number;
    }
  }
  return moved;
}

/** layer4 as it is trained. */
export interface Layer4 {
  /** layer4.0.conv1.weight (OHWI, batch norm folded in) to layer4.2.conv3.bias. */
  parameters: Record<string, Numbers>;
  /** What the channels of layer3's output, and those of layer4's, are divided by; undefined for nothing. */
  factors: { input: Numbers | undefined; output: Numbers | undefined };
}

const BLOCKS = [0, 1, 2];
const LAYERS = BLOCKS.flatMap((b) =>
  ['conv1', 'conv2', ...(b === 0 ? ['downsample.0'] : []), 'conv3'].map((part) => `layer4.${b}.${part}`),
);

/** Takes layer4 out of shards that a network was filled from. */
export function takeLayer4({ files }: FilesSource): Layer4 {
  const stored = new Joined(files);
  const parameters: Record<string, Numbers> = {};
  for (const layer of LAYERS) {
    const [weight, bias, scale] = ['weight', 'bias', 'scale'].map((part) => stored.numbers(`${layer}.${part}`));
    if (weight === undefined || bias === undefined)
      throw new ResNet50Error('WEIGHTS_MISMATCH', `the shards have no ${layer}`, { subject: layer });
    if (scale !== undefined) {
      const row = weight.length / scale.length;
      for (let i = 0; i < weight.length; i++)
        weight[i] = (weight[i] as number) * (scale[Math.floor(i / row)] as number);
    }
    parameters[`${layer}.weight`] = weight;
    parameters[`${layer}.bias`] = bias;
  }
  const [input, output] = [3, 4].map((stage) => stored.numbers(`layer${stage}.0.downsample.0.equalization`));
  return { parameters, factors: { input, output } };
}

/** Multiplies (or divides) values that lie channel after channel, `area` each, by a factor a channel; in place. */
export function scaleChannels(values: Numbers, factors: Numbers | undefined, area: number, divide = false): Numbers {
  if (factors === undefined) return values;
  for (let i = 0; i < values.length; i++) {
    const factor = factors[Math.floor(i / area) % factors.length] as number;
    values[i] = divide ? (values[i] as number) / factor : (values[i] as number) * factor;
  }
  return values;
}

/** What became of layer4 and fc. */
export interface Replacement {
  shards: readonly { layer: string; bytes: Bytes }[];
  ranges: Manifest['ranges'];
  classes: readonly string[];
  transforms: Transforms;
  precision: Precision;
  report: FitReport;
}

/**
 * The variant with layer4 and fc replaced. Shards without either stay as they are, byte for byte; what else is in the
 * others is kept.
 */
export async function replaceLayer4({ manifest, files }: FilesSource, by: Replacement): Promise<FilesSource> {
  const kept = files.flatMap((stored) => {
    const tensors = tensorsOf(stored);
    const rest = tensors.filter(({ name }) => !isReplaced(name));
    if (rest.length === tensors.length) return [stored];
    return rest.length === 0 ? [] : [{ file: stored.file, bytes: formatSafetensors(rest) }];
  });
  const made = by.shards.map(({ layer, bytes }) => ({ file: `finetuned-${by.precision}-${layer}.safetensors`, bytes }));
  const all = [...kept, ...made];
  const shards: Shard[] = [];
  for (const { file, bytes } of all) shards.push({ file, bytes: bytes.length, sha256: await sha256(bytes) });
  const { quantization, meta, head, ...rest } = manifest;
  const name = manifest.name.endsWith('-finetuned') ? manifest.name : `${manifest.name}-finetuned`;
  const { examples, finetuned } = by.report;
  return {
    kind: 'files',
    files: all,
    manifest: {
      ...rest,
      ...{ name, transforms: by.transforms },
      meta: { finetuned: { from: manifest.name, layers: ['layer4', 'fc'], examples, ...finetuned } },
      categories: by.classes.map((label) => ({ label })),
      parameters: parameterCount(by.classes.length),
      ranges: { ...manifest.ranges, ...by.ranges },
      precisions: { [by.precision]: { shards } },
    },
  };
}
