/**
 * Values of parameters by torchvision's names, made of what a network's shards hold.
 */

import { check, fault } from '../base/check.js';
import type { ResNet50Error } from '../base/errors.js';
import { findParameter } from '../base/resnet50.js';
import type { Precision } from './manifest.js';
import { JoinedTensors, type Tensors } from './shard.js';

/** What `model.parameter(name)` gives. */
export interface Parameter {
  name: string;
  /** As torch has it: [out, in, height, width] for convolutions. */
  shape: readonly number[];
  /** Row-major, as `shape` says. */
  values: Float32Array<ArrayBuffer>;
  /** True where these are the checkpoint's numbers (in float32), bit for bit. */
  exact: boolean;
  /**
   * True for convolutions of int8 weights: the batch norm behind is folded in. The weights are dequantized, and the factors
   * that the quantization moved between layers are taken out again.
   */
  folded: boolean;
  /** Where `folded`: the bias that the batch norm became. */
  bias?: Float32Array<ArrayBuffer>;
}

/** torch's BatchNorm2d default, which ResNet-50 does not change. */
const EPSILON = 1e-5;

/**
 * A parameter or buffer of a network.
 * @param read gets tensors out of its shards; null where there are no shards
 * @throws ResNet50Error INVALID_ARGUMENT (no such name, or not to be had), and what `read` throws
 */
export async function readParameter(
  name: string,
  { classes, precision }: { classes: number; precision: Precision },
  read: (names: readonly string[]) => Promise<Tensors | null>,
): Promise<Parameter> {
  check(typeof name === 'string', 'name', 'must be a text such as layer4.2.conv3.weight');
  const spec = findParameter(name, classes);
  const dot = name.lastIndexOf('.');
  const layer = name.slice(0, dot);
  const norm = layer.replace(/conv(\d)$/, 'bn$1').replace(/downsample\.0$/, 'downsample.1');
  const [from, to] = [channelsRead(layer), channelsWritten(layer)].map((leader) => `${leader}.equalization`);
  const around = [`${layer}.scale`, `${layer}.bias`, `${norm}.weight`, `${norm}.running_var`, `${from}`, `${to}`];
  const tensors = await read([name, ...(name.endsWith('.weight') ? around : [])]);
  if (tensors === null) {
    throw fault(name, 'is kept packed only, as weights: null drew it from the seed: load real weights to read it');
  }
  const joined = JoinedTensors.of(tensors);
  const { shape } = spec;
  const values = shape.length > 1 ? joined.weight(layer, 'OIHW') : joined.numbers(name);
  if (values === undefined) throw notKept(name, precision);
  const vector = (tensor: string) => joined.numbers(tensor) ?? new Float32Array(shape[0] as number);
  const isConvolution = shape.length === 4;
  const folded = isConvolution && !joined.has(`${norm}.weight`);
  const bias = folded ? vector(`${layer}.bias`) : undefined;
  if (precision === 'int8' && shape.length > 1) {
    const [inputs, outputs] = [joined.numbers(`${from}`), joined.numbers(`${to}`)];
    equalizeBack(values, shape, inputs, outputs);
    if (bias) equalizeBack(bias, [bias.length, 1], undefined, outputs);
  }
  if (isConvolution && !folded) unfold(values, vector(`${norm}.weight`), vector(`${norm}.running_var`));
  return {
    ...{ name, shape, values, folded },
    exact: !isConvolution && precision === 'f32',
    ...(bias ? { bias } : {}),
  };
}

function notKept(name: string, precision: Precision): ResNet50Error {
  const why = name.endsWith('num_batches_tracked')
    ? 'is of use in training only and is not kept'
    : precision === 'int8'
      ? "is folded into the convolution before it in int8 weights: load with precision 'f32' to have it"
      : 'is not in these shards, which an earlier version wrote: convert the checkpoint again';
  return fault(name, why);
}

/**
 * The convolution whose output channels stand for those that a layer writes: a stage's blocks write one stream, named by
 * its first projection, as src/quantize/channel_groups.cc has it.
 */
const channelsWritten = (layer: string): string =>
  layer.replace(/^(layer\d)\.\d+\.(conv3|downsample\.0)$/, '$1.0.downsample.0');

/** The same for the channels that a layer reads. */
function channelsRead(layer: string): string {
  const [, stage, block, part] = /^layer(\d)\.(\d+)\.(.+)$/.exec(layer) ?? [];
  if (part === 'conv2' || part === 'conv3') return `layer${stage}.${block}.conv${Number(part.at(-1)) - 1}`;
  const source = layer === 'fc' ? 4 : block === '0' ? Number(stage) - 1 : Number(stage);
  return source === 0 ? 'conv1' : `layer${source}.0.downsample.0`;
}

/** Undoes src/quantize/equalize.cc: outputs times their factors, inputs divided by theirs. `values` as torch has them. */
function equalizeBack(
  values: Float32Array,
  shape: readonly number[],
  inputs: Float32Array | undefined,
  outputs: Float32Array | undefined,
): void {
  const [rows = 1, columns = 1] = shape;
  const [row, area] = [values.length / rows, values.length / rows / columns];
  for (let i = 0; i < values.length; i++) {
    const [o, c] = [Math.floor(i / row), Math.floor(i / area) % columns];
    values[i] = ((values[i] as number) * (outputs?.[o] ?? 1)) / (inputs?.[c] ?? 1);
  }
}

/** Takes the batch norm's factor out of each output channel; the last bit may be lost. Factors of 0 leave 0. */
function unfold(values: Float32Array, gamma: Float32Array, variance: Float32Array): void {
  const row = values.length / gamma.length;
  for (let o = 0; o < gamma.length; o++) {
    const factor = (gamma[o] as number) / Math.sqrt((variance[o] as number) + EPSILON);
    if (factor === 0) continue;
    for (let i = o * row; i < (o + 1) * row; i++) values[i] = (values[i] as number) / factor;
  }
}
