/**
 * layer4 and fc in shards: taken out as float32 for training, and put back. Everything stays in the terms of the quantized network: what equalization divided
 * channels by stays divided, and `factors` say by what.
 */
import { ResNet50Error } from '../base/errors.js';
import { parameterCount } from '../base/resnet50.js';
import { sha256 } from '../base/sha256.js';
import type { Transforms } from '../base/transforms.js';
import type { FitReport } from '../protocol/training.js';
import type { Manifest, Precision, Shard } from '../weights/manifest.js';
import { formatShard, JoinedTensors, parseShard } from '../weights/shard.js';
import type { FilesSource } from '../weights/source.js';

type Numbers = Float32Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;

/** What training replaces: weights, scales, biases and batch norms, but not the factors of equalization. */
const isReplaced = (name: string): boolean =>
  name.startsWith('fc.') || (name.startsWith('layer4.') && !/\.equalization(#|$)/.test(name));

/** What training begins with: layer4, and the factors of the channels that it reads and writes. */
const isRead = (name: string): boolean => name.startsWith('layer4.') || name.endsWith('.equalization');

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
  const stored = new JoinedTensors();
  for (const { bytes } of files) {
    for (const tensor of parseShard(bytes).tensors) if (isRead(tensor.base)) stored.add(tensor);
  }
  const parameters: Record<string, Numbers> = {};
  for (const layer of LAYERS) {
    const [weight, bias] = [stored.weight(layer, 'OHWI'), stored.numbers(`${layer}.bias`)];
    if (weight === undefined || bias === undefined)
      throw new ResNet50Error('WEIGHTS_MISMATCH', `the shards have no ${layer}`, { subject: layer });
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
    const { tensors, metadata } = parseShard(stored.bytes);
    const rest = tensors.filter(({ name }) => !isReplaced(name));
    if (rest.length === tensors.length) return [stored];
    return rest.length === 0 ? [] : [{ file: stored.file, bytes: formatShard(rest, metadata) }];
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
      ...{ name, transforms: by.transforms, activation: 'softmax' as const },
      meta: { finetuned: { from: manifest.name, layers: ['layer4', 'fc'], examples, ...finetuned } },
      categories: by.classes.map((label) => ({ label })),
      parameters: parameterCount(by.classes.length),
      ranges: { ...manifest.ranges, ...by.ranges },
      precisions: { [by.precision]: { shards } },
    },
  };
}
