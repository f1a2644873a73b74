/**
 * ResNet-50 v1.5 as torchvision names it: modules with their shapes, parameters and multiply-accumulates. Plain data
 * from four stages. (src/network/topology.cc is the core's own table, which has batch norms folded.)
 */
import { ResNet50Error } from './errors.js';

/** One module. Sizes are those of an image of the side it was made for. */
export interface Module {
  /** torchvision's path, for example 'layer4.2.conv3'. */
  name: string;
  type: 'Conv2d' | 'BatchNorm2d' | 'ReLU' | 'MaxPool2d' | 'AdaptiveAvgPool2d' | 'Linear' | 'Bottleneck' | 'Sequential';
  /** Shape of one image's output: [channels, height, width], or [classes]. */
  output: number[];
  /** Own tensors by name, in torch's order; trainable ones first. */
  parameters: readonly TensorSpec[];
  buffers: readonly TensorSpec[];
  /** Multiply-accumulates for one image. */
  macs: number;
}

/** A tensor of the state dict. */
export interface TensorSpec {
  name: string;
  /** [out, in, height, width] for convolutions; [] for a single number. */
  shape: readonly number[];
  /** Numbers in it. */
  count: number;
}

const STAGES = [
  { blocks: 3, channels: 64, stride: 1 },
  { blocks: 4, channels: 128, stride: 2 },
  { blocks: 6, channels: 256, stride: 2 },
  { blocks: 3, channels: 512, stride: 2 },
] as const;
const EXPANSION = 4;

const spec = (name: string, ...shape: number[]): TensorSpec => ({
  ...{ name, shape, count: shape.reduce((product, n) => product * n, 1) },
});

/** All modules in torch's order, containers before what they hold, for images of height x width. */
export function resnet50Modules(classes: number, height = 224, width = height): Module[] {
  const modules: Module[] = [];
  /** The tensor at this place of the walk. */
  let shape: [channels: number, height: number, width: number] = [3, height, width];

  /** Puts a module behind the others, or a container before what was added since `at`. */
  const add = (name: string, type: Module['type'], more: Partial<Module> = {}, at = modules.length) =>
    modules.splice(at, 0, { name, type, output: [...shape], parameters: [], buffers: [], macs: 0, ...more });

  const convolution = (name: string, batchNorm: string, out: number, kernel: number, stride: number) => {
    const size = (n: number) => Math.floor((n - 1) / stride) + 1; // odd kernels, padded by half of them
    const [channels, h, w] = shape;
    shape = [out, size(h), size(w)];
    const weight = spec(`${name}.weight`, out, channels, kernel, kernel);
    add(name, 'Conv2d', { parameters: [weight], macs: weight.count * shape[1] * shape[2] });
    const part = (p: string, ...of: number[]) => spec(`${batchNorm}.${p}`, ...of);
    add(batchNorm, 'BatchNorm2d', {
      parameters: [part('weight', out), part('bias', out)],
      buffers: [part('running_mean', out), part('running_var', out), part('num_batches_tracked')],
    });
  };

  const bottleneck = (name: string, channels: number, stride: number) => {
    const [at, before] = [modules.length, shape];
    convolution(`${name}.conv1`, `${name}.bn1`, channels, 1, 1);
    convolution(`${name}.conv2`, `${name}.bn2`, channels, 3, stride);
    convolution(`${name}.conv3`, `${name}.bn3`, channels * EXPANSION, 1, 1);
    add(`${name}.relu`, 'ReLU');
    if (before[0] !== shape[0] || stride !== 1) {
      const begun = modules.length;
      shape = before;
      convolution(`${name}.downsample.0`, `${name}.downsample.1`, channels * EXPANSION, 1, stride);
      add(`${name}.downsample`, 'Sequential', {}, begun);
    }
    add(name, 'Bottleneck', {}, at);
  };

  convolution('conv1', 'bn1', 64, 7, 2);
  add('relu', 'ReLU');
  shape = [shape[0], Math.floor((shape[1] - 1) / 2) + 1, Math.floor((shape[2] - 1) / 2) + 1];
  add('maxpool', 'MaxPool2d');
  for (const [i, { blocks, channels, stride }] of STAGES.entries()) {
    const at = modules.length;
    for (let b = 0; b < blocks; b++) bottleneck(`layer${i + 1}.${b}`, channels, b === 0 ? stride : 1);
    add(`layer${i + 1}`, 'Sequential', {}, at);
  }
  shape = [shape[0], 1, 1];
  add('avgpool', 'AdaptiveAvgPool2d');
  const weight = spec('fc.weight', classes, shape[0]);
  add('fc', 'Linear', { output: [classes], parameters: [weight, spec('fc.bias', classes)], macs: weight.count });
  return modules;
}

/** torch's named_parameters(): 161 tensors, 25,557,032 numbers for 1000 classes. */
export const parametersOf = (classes: number): TensorSpec[] =>
  resnet50Modules(classes).flatMap(({ parameters }) => [...parameters]);

/** torch's named_buffers(): running statistics of the 53 batch norms. */
export const buffersOf = (classes: number): TensorSpec[] =>
  resnet50Modules(classes).flatMap(({ buffers }) => [...buffers]);

/**
 * A parameter or buffer by name.
 * @throws ResNet50Error INVALID_ARGUMENT
 */
export function findParameter(name: string, classes: number): TensorSpec {
  const all = [...parametersOf(classes), ...buffersOf(classes)];
  const found = all.find((tensor) => tensor.name === name);
  if (found !== undefined) return found;
  const near = all.filter((tensor) => tensor.name.startsWith(`${name}.`) || tensor.name.endsWith(`.${name}`));
  const hint = near.length > 0 ? near.slice(0, 3).map((tensor) => tensor.name) : ['conv1.weight', 'fc.bias'];
  throw new ResNet50Error(
    'INVALID_ARGUMENT',
    `ResNet-50 has no parameter '${name}': parameters() and buffers() list the names, such as ${hint.join(', ')}`,
    { subject: name },
  );
}

/** Features that ResNet-50 has before its classifier. */
export const FEATURES = 2048;

/** Parameters of a ResNet-50 with so many classes as torchvision counts them; of 0, those below the classifier. */
export const parameterCount = (classes: number): number => 23_508_032 + (FEATURES + 1) * classes;
