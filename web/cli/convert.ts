/**
 * `resnet50-wasm convert`: a checkpoint of one's own becomes weights that `load` takes.
 */

import { availableParallelism } from 'node:os';
import {
  COMPACT_BITS,
  CONVERSION_DEFAULTS,
  metaOf,
  type QuantizationChoices,
  quantizationSettings,
  RANGES,
  type Recognized,
} from '../conversion/settings.js';
import { configActivation } from '../convert/checkpoint-config.js';
import { convert } from '../convert/convert.js';
import type { ConvertOptions } from '../convert/options.js';
import { isVariantName, type Manifest, type Precision } from '../weights/manifest.js';
import { findWeights } from '../weights/registry.js';
import type { Command, Options } from './command.js';
import { choice, number, text, UsageError, type Values } from './options.js';
import { conversionView } from './phases.js';
import { resultPath } from './results.js';
import { complain, megabytes } from './terminal.js';
import {
  ACTIVATION_OPTION,
  activationOption,
  convertTransforms,
  shownTransforms,
  TRANSFORM_OPTIONS,
} from './transforms.js';

/** Options that this command shares with `weights`. */
export const CONVERSION_OPTIONS = {
  precision: { type: 'string', value: 'P', words: ['int8', 'f32', 'both'], help: 'int8, f32 or both  [int8]' },
  calibrate: { type: 'string', value: 'DIR', help: 'photos that show typical input  [generated pictures]' },
  'calibration-images': { type: 'string', value: 'N', help: 'how many of them  [64]' },
  evaluate: {
    ...{ type: 'string', value: 'DIR' },
    help: 'labeled photos to measure int8 and f32 on: the manifest tells (a folder per class, or labels.json: docs/trust.md)',
  },
  encoding: {
    ...{ type: 'string', value: 'E', words: ['plain', 'compact'] },
    help: 'plain, or compact: coarser weights, half the download  [plain]',
  },
  bits: { type: 'string', value: 'N', help: `compact: about so many bits per weight, 1 to 8  [${COMPACT_BITS}]` },
  compress: {
    type: 'string',
    value: 'C',
    words: ['gzip', 'none'],
    help: 'gzip or none: how shards are stored  [gzip]',
  },
  'shard-size': { type: 'string', value: 'BYTES', help: 'longest shard  [4194304]' },
  threads: { type: 'string', value: 'N', help: 'how many  [all cores]' },
  ranges: {
    advanced: true,
    ...{ type: 'string', value: 'R', words: RANGES },
    help: 'of activations: squares, percentile or extremes  [squares]',
  },
  'no-matching': { advanced: true, type: 'boolean', help: 'leave out matching to batch norm, to see what it is worth' },
  'no-equalization': { advanced: true, type: 'boolean', help: 'the same for equalization' },
  'no-compensation': { advanced: true, type: 'boolean', help: 'the same for compensation' },
  'no-bias-correction': { advanced: true, type: 'boolean', help: 'the same for the correction of biases' },
  damping: {
    advanced: true,
    type: 'string',
    value: 'N',
    help: 'compensation: share of the mean variance that steadies it  [0.01]',
  },
  shrinkage: {
    advanced: true,
    type: 'string',
    value: 'N',
    help: 'compensation: distrust of what few patches say, 0 none  [1]',
  },
  'rate-weight': {
    advanced: true,
    type: 'string',
    value: 'N',
    help: 'compact: what a bit is worth against error, 0 nothing  [1]',
  },
} as const satisfies Options;

const OPTIONS = {
  name: { type: 'string', value: 'NAME', help: 'name of the variant' },
  out: { type: 'string', short: 'o', value: 'DIR', help: 'folder to write; a variant in it is replaced' },
  labels: {
    ...{ type: 'string', value: 'FILE' },
    help: "class names: one per line, a JSON list, or a map such as id2label or class_to_idx  [ImageNet's for 1000]",
  },
  transforms: {
    ...{ type: 'string', value: 'T', words: ['V1', 'V2'] },
    help: "preprocessing: V1 (resize 256, crop 224; most training scripts) or V2 (resize 232, crop 224; IMAGENET1K_V2.transforms())  [that of the variant NAME, or of preprocessor_config.json or timm's config.json beside CHECKPOINT; else this or --resize is needed]",
  },
  ...TRANSFORM_OPTIONS,
  resize: { ...TRANSFORM_OPTIONS.resize, help: 'pixels of the shorter side, in place of what --transforms says' },
  crop: { ...TRANSFORM_OPTIONS.crop, help: 'pixels of the crop in the middle  [224]' },
  activation: {
    ...ACTIVATION_OPTION.activation,
    help: 'what makes scores of logits: softmax; sigmoid, if several classes may apply; none  [softmax; sigmoid for one class, and for multi-label networks by config.json]',
  },
  'state-dict': {
    ...{ type: 'string', value: 'KEY' },
    help: 'which network, if the checkpoint holds several (raw and averaged weights, teacher and student)  [the raw one; KEYs are printed]',
  },
  'no-head': { type: 'boolean', help: 'leave the classifier out: for embed and features' },
  ...CONVERSION_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm convert`. */
export const CONVERT: Command = {
  name: 'convert',
  usage: 'CHECKPOINT --name NAME --out DIR [options]',
  summary: 'convert a checkpoint of your own',
  text: `Turns a ResNet-50 of any number of classes (.pth or .safetensors; names of torchvision, timm, Hugging Face,
MMPretrain, fastai; whatever lies around it) into DIR/manifest.json and shards that ResNet50.load takes. The same input
gives the same bytes.`,
  options: OPTIONS,
  examples: [
    [
      'resnet50-wasm convert model.pth --name mine --out ./mine --labels labels.txt --transforms V1',
      'your own classes',
    ],
    [
      'resnet50-wasm convert model.pth --name mine --out ./mine --transforms V2 --calibrate photos/ --precision both',
      'calibrated on photos, with float32 beside int8',
    ],
  ],
  environment: [],
  run: convertCheckpoint,
};

/** The part of the options that CONVERSION_OPTIONS gives. */
export function conversionSettings(
  values: Values,
): Pick<
  ConvertOptions,
  'calibrate' | 'calibrationImages' | 'compress' | 'evaluate' | 'precisions' | 'quantization' | 'shardBytes' | 'threads'
> {
  const precision = choice(values, 'precision', ['int8', 'f32', 'both']) ?? 'int8';
  const precisions: Precision[] = precision === 'both' ? ['int8', 'f32'] : [precision];
  return {
    precisions,
    calibrate: text(values, 'calibrate'),
    calibrationImages: number(values, 'calibration-images', 1, 100_000) ?? CONVERSION_DEFAULTS.calibrationImages,
    quantization: quantizationSettings(quantizationChoices(values)),
    compress: (choice(values, 'compress', ['gzip', 'none']) ?? 'gzip') === 'gzip',
    evaluate: text(values, 'evaluate'),
    shardBytes: number(values, 'shard-size', 65_536, 2 ** 30) ?? CONVERSION_DEFAULTS.shardBytes,
    threads: number(values, 'threads', 1, 64) ?? Math.min(availableParallelism(), CONVERSION_DEFAULTS.mostThreads),
  };
}

/** What the options say of the quantization. */
function quantizationChoices(values: Values): QuantizationChoices {
  return {
    encoding: choice(values, 'encoding', ['plain', 'compact']),
    bits: number(values, 'bits', 1, 8, false),
    ranges: choice(values, 'ranges', RANGES),
    matching: !values['no-matching'],
    equalization: !values['no-equalization'],
    compensation: !values['no-compensation'],
    biasCorrection: !values['no-bias-correction'],
    damping: number(values, 'damping', 1e-6, 1, false),
    shrinkage: number(values, 'shrinkage', 0, 100, false),
    rateWeight: number(values, 'rate-weight', 0, 100, false),
  };
}

async function convertCheckpoint(values: Values, positionals: string[]): Promise<number> {
  const [checkpoint, ...more] = positionals;
  const [name, out] = [text(values, 'name'), resultPath(values, 'out')];
  if (checkpoint === undefined || more.length > 0)
    throw new UsageError('give one CHECKPOINT (resnet50-wasm convert --help)');
  if (name === undefined) throw new UsageError('--name must be given (resnet50-wasm convert --help)');
  if (out === undefined) throw new UsageError('--out must be given (resnet50-wasm convert --help)');
  const spelled = findWeights(name)?.name ?? name;
  if (!isVariantName(spelled))
    throw new UsageError(`--name ${name}: must be letters, digits, dots, hyphens and underscores`);
  const asked = activationOption(values);
  const { transforms, from } = await convertTransforms(name, checkpoint, values);
  const activation = asked ?? (await configActivation(checkpoint));
  const labels = text(values, 'labels');
  const meta = labels === undefined ? metaOf(spelled) : {};
  const settings = {
    ...conversionSettings(values),
    ...{ checkpoint, stateDict: text(values, 'state-dict'), noHead: values['no-head'] === true },
    ...{ name: spelled, out, transforms, activation, labels, meta },
  };
  return convertWithProgress(settings, from);
}

/**
 * Converts and says on standard error what is going on.
 * @param from where the transforms come from, in a few words
 */
export async function convertWithProgress(
  options: Omit<ConvertOptions, 'onProgress' | 'onWarning'>,
  from: string,
): Promise<number> {
  const view = conversionView(options.name);
  let understood = '';
  const manifest = await convert({
    ...options,
    onRecognized: (network) => {
      understood = networkText(network);
      for (const line of choiceLines(network)) complain(line);
    },
    onProgress: (progress) => view.show(progress),
    onWarning: complain,
  }).catch((error) => {
    view.done();
    throw error;
  });
  view.done(
    `${understood}${classesText(manifest)}; ${preprocessing(manifest, from)}; ${summary(manifest)} in ${options.out}`,
  );
  return 0;
}

/** Pictures in, scores out: what no measurement notices if it is wrong. */
const preprocessing = ({ transforms, activation, head }: Manifest, from: string): string =>
  `transforms: ${shownTransforms(transforms)} (${from})${head === 'none' ? '' : `; scores: ${activation}`}`;

/** What was understood of the names. */
function networkText({ naming, prefix, head, headNorm }: Recognized): string {
  const after = prefix === '' ? '' : ` after '${prefix}'`;
  const norm = headNorm === '' ? '' : ` with ${headNorm} folded in`;
  return `names of ${naming}${after}, ${head === null ? 'no classifier (for embed and features)' : `classifier ${head}${norm}`}`;
}

/** What was chosen and what was left out. */
function choiceLines({ key, others, leftOut }: Recognized): string[] {
  const also = others.map((other) => `'${other}'`).join(', ');
  return [
    ...(others.length > 0 ? [`took the network '${key}' of the checkpoint; --state-dict takes ${also} instead`] : []),
    ...(leftOut.length > 0 ? [`left out what is no part of the network: ${leftOut.join(', ')}`] : []),
  ];
}

const classesText = ({ categories, head }: Manifest): string =>
  head === 'none' ? '' : `, ${categories.length === 1 ? '1 class' : `${categories.length} classes`}`;

function summary(manifest: Manifest): string {
  const { measured } = manifest.quantization ?? {};
  const cost = measured
    ? `; on ${measured.int8.images} photos (${shownTransforms(manifest.transforms)}) ${measured.int8.top1} % top-1 (f32 ${measured.f32.top1} %), ${measured.int8.agreement} % agree with f32`
    : '';
  return `${sizes(manifest)}${cost}`;
}

function sizes(manifest: Manifest): string {
  return Object.entries(manifest.precisions)
    .map(([precision, { shards }]) => {
      const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
      return `${precision}, ${shards.length} shards, ${megabytes(bytes)}`;
    })
    .join('; ');
}
