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
  { blocks: 3, width: 64, stride: 1 },
  { blocks: 4, width: 128, stride: 2 },
  { blocks: 6, width: 256, stride: 2 },
  { blocks: 3, width: 512, stride: 2 },
] as const;
const EXPANSION = 4;

const spec = (name: string, ...shape: number[]): TensorSpec => ({
  ...{ name, shape, count: shape.reduce((product, n) => product * n, 1) },
});

/** Collects modules while walking the network. */
class Walk {
  readonly modules: Module[] = [];
  channels = 3;

  constructor(
    public height: number,
    public width: number,
  ) {}

  add(name: string, type: Module['type'], more: Partial<Module> = {}): void {
    const output = [this.channels, this.height, this.width];
    this.modules.push({ name, type, output, parameters: [], buffers: [], macs: 0, ...more });
  }

  convolution(name: string, batchNorm: string, out: number, kernel: number, stride: number): void {
    const weight = spec(`${name}.weight`, out, this.channels, kernel, kernel);
    const size = (n: number) => Math.floor((n + 2 * ((kernel - 1) / 2) - kernel) / stride) + 1;
    [this.height, this.width, this.channels] = [size(this.height), size(this.width), out];
    this.add(name, 'Conv2d', { parameters: [weight], macs: weight.count * this.height * this.width });
    const part = (p: string, ...shape: number[]) => spec(`${batchNorm}.${p}`, ...shape);
    this.add(batchNorm, 'BatchNorm2d', {
      parameters: [part('weight', out), part('bias', out)],
      buffers: [part('running_mean', out), part('running_var', out), part('num_batches_tracked')],
    });
  }

  /** Puts a container before what was added since `at`. */
  enclose(at: number, name: string, type: Module['type']): void {
    const output = [this.channels, this.height, this.width];
    this.modules.splice(at, 0, { name, type, output, parameters: [], buffers: [], macs: 0 });
  }

  bottleneck(name: string, width: number, stride: number): void {
    const [at, channels, height, columns] = [this.modules.length, this.channels, this.height, this.width];
    this.convolution(`${name}.conv1`, `${name}.bn1`, width, 1, 1);
    this.convolution(`${name}.conv2`, `${name}.bn2`, width, 3, stride);
    this.convolution(`${name}.conv3`, `${name}.bn3`, width * EXPANSION, 1, 1);
    this.add(`${name}.relu`, 'ReLU');
    if (channels !== this.channels || stride !== 1) {
      const begun = this.modules.length;
      [this.channels, this.height, this.width] = [channels, height, columns];
      this.convolution(`${name}.downsample.0`, `${name}.downsample.1`, width * EXPANSION, 1, stride);
      this.enclose(begun, `${name}.downsample`, 'Sequential');
    }
    this.enclose(at, name, 'Bottleneck');
  }
}

/** All modules in torch's order, containers before what they hold, for images of height x width. */
export function resnet50Modules(classes: number, height = 224, width = height): Module[] {
  const walk = new Walk(height, width);
  walk.convolution('conv1', 'bn1', 64, 7, 2);
  walk.add('relu', 'ReLU');
  [walk.height, walk.width] = [Math.floor((walk.height - 1) / 2) + 1, Math.floor((walk.width - 1) / 2) + 1];
  walk.add('maxpool', 'MaxPool2d');
  for (const [i, { blocks, width: channels, stride }] of STAGES.entries()) {
    const at = walk.modules.length;
    for (let b = 0; b < blocks; b++) walk.bottleneck(`layer${i + 1}.${b}`, channels, b === 0 ? stride : 1);
    walk.enclose(at, `layer${i + 1}`, 'Sequential');
  }
  [walk.height, walk.width] = [1, 1];
  walk.add('avgpool', 'AdaptiveAvgPool2d');
  const weight = spec('fc.weight', classes, walk.channels);
  walk.add('fc', 'Linear', { output: [classes], parameters: [weight, spec('fc.bias', classes)], macs: weight.count });
  return walk.modules;
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
