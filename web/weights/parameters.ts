/**
 * Values of parameters by torchvision's names, read again from the shards that a network was filled from: the core
 * keeps packed weights only.
 */

import { fault } from '../base/check.js';
import type { ResNet50Error } from '../base/errors.js';
import type { TensorSpec } from '../base/resnet50.js';
import type { WeightsFolder } from './folder.js';
import type { Manifest, Precision, Shard } from './manifest.js';
import { JoinedTensors, parseShard } from './shard.js';
import type { FilesSource, StoredFile } from './source.js';
import { streamShards } from './stream.js';

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

/** The shards of a loaded network. */
export class ParameterSource {
  /** Names of tensors -> the shards that hold pieces of them; known once all shards have been read again. */
  #holders: Map<string, Set<Shard>> | undefined;

  constructor(
    private readonly folder: WeightsFolder,
    private readonly shards: readonly Shard[],
    private readonly precision: Precision,
    private readonly manifest: Manifest,
  ) {}

  /** All shards as they are. */
  async files(signal: AbortSignal): Promise<FilesSource> {
    const files: StoredFile[] = [];
    const take = ({ file }: Shard, bytes: Uint8Array<ArrayBuffer>) => void files.push({ file, bytes });
    await streamShards(this.folder, this.shards, { take }, signal);
    return { kind: 'files', manifest: this.manifest, files };
  }

  /** @throws ResNet50Error INVALID_ARGUMENT (not to be had), and what reading shards throws */
  async read(spec: TensorSpec, signal: AbortSignal): Promise<Parameter> {
    const { name } = spec;
    const dot = name.lastIndexOf('.');
    const layer = name.slice(0, dot);
    const isConvolution = spec.shape.length === 4;
    const norm = layer.replace(/conv(\d)$/, 'bn$1').replace(/downsample\.0$/, 'downsample.1');
    const [from, to] = [channelsRead(layer), channelsWritten(layer)].map((leader) => `${leader}.equalization`);
    const around = [`${layer}.scale`, `${layer}.bias`, `${norm}.weight`, `${norm}.running_var`, `${from}`, `${to}`];
    const tensors = await this.#fetch([name, ...(name.endsWith('.weight') ? around : [])], signal);
    const values = spec.shape.length > 1 ? tensors.weight(layer, 'OIHW') : tensors.numbers(name);
    if (values === undefined) throw notKept(name, this.precision);
    const vector = (tensor: string) => tensors.numbers(tensor) ?? new Float32Array(spec.shape[0] as number);
    const folded = isConvolution && !tensors.has(`${norm}.weight`);
    const bias = folded ? vector(`${layer}.bias`) : undefined;
    if (this.precision === 'int8' && spec.shape.length > 1) {
      const [read, written] = [tensors.numbers(from as string), tensors.numbers(to as string)];
      equalizeBack(values, spec.shape, read, written);
      if (bias) equalizeBack(bias, [bias.length, 1], undefined, written);
    }
    if (isConvolution && !folded) unfold(values, vector(`${norm}.weight`), vector(`${norm}.running_var`));
    return {
      ...{ name, shape: spec.shape, values, folded },
      exact: !isConvolution && this.precision === 'f32',
      ...(bias ? { bias } : {}),
    };
  }

  /** Tensors by name. */
  async #fetch(names: readonly string[], signal: AbortSignal): Promise<JoinedTensors> {
    const holders = this.#holders;
    const shards = holders && new Set(names.flatMap((name) => [...(holders.get(name) ?? [])]));
    const seen = new Map<string, Set<Shard>>();
    const found = new JoinedTensors();
    const take = (shard: Shard, bytes: Uint8Array<ArrayBuffer>) => {
      const parsed = parseShard(bytes);
      for (const tensor of parsed.tensors) {
        seen.set(tensor.base, (seen.get(tensor.base) ?? new Set()).add(shard));
        if (names.includes(tensor.base)) found.add(tensor, parsed);
      }
    };
    await streamShards(
      this.folder,
      this.shards.filter((shard) => shards?.has(shard) ?? true),
      { take },
      signal,
    );
    this.#holders ??= seen;
    return found;
  }
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
