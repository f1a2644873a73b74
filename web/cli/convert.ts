/**
 * `resnet50-wasm convert`: a checkpoint of one's own becomes weights that `load` takes.
 */

import { availableParallelism } from 'node:os';
import { configActivation } from '../convert/checkpoint-config.js';
import { convert } from '../convert/convert.js';
import type { ConvertOptions, Recognized } from '../convert/options.js';
import { isVariantName, type Manifest, type Precision } from '../weights/manifest.js';
import { findWeights } from '../weights/registry.js';
import { print } from './classify.js';
import { choice, number, parse, text, UsageError, type Values } from './options.js';
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

/** How the reach of activations is found. */
const RANGES = ['squares', 'percentile', 'extremes'] as const;

/** Bits a weight of `--encoding compact`. */
const COMPACT_BITS = 4.2;

/** Help on the options that say how int8 is made. */
export const QUANTIZATION_HELP = `  --encoding E            plain, or compact: coarser weights, half the download  [plain]
  --bits N                compact: about so many bits a weight, 1 to 8  [${COMPACT_BITS}]
  --compress C            gzip or none: how shards are stored  [gzip]
  --evaluate DIR          labeled photos to measure int8 and f32 on: the manifest tells
                          (a folder a class, or labels.json: docs/trust.md)
  --threads N             [all cores]
  --ranges R              of activations: squares, percentile or extremes  [squares of
                          photos, extremes of generated pictures]
  --no-matching --no-equalization --no-compensation --no-bias-correction
                          leave out a step of the quantization, to see what it is worth
  --damping N             compensation: share of the mean variance that steadies it  [0.01]
  --shrinkage N           compensation: distrust of what few patches say, 0 none  [1]
  --rate-weight N         compact: what a bit is worth against error, 0 nothing  [1]
`;

export const CONVERT_HELP = `Usage: resnet50-wasm convert CHECKPOINT --name NAME --out DIR [options]

Turns a ResNet-50 of any number of classes (.pth or .safetensors; names of torchvision,
timm, Hugging Face, MMPretrain, fastai; whatever lies around it) into DIR/manifest.json
and shards that ResNet50.load takes.

  --name NAME             name of the variant
  --out DIR               folder to write; a variant in it is replaced
  --state-dict KEY        which network, if the checkpoint holds several (raw and averaged
                          weights, teacher and student)  [the raw one; KEYs are printed]
  --no-head               leave the classifier out: for embed and features
  --labels FILE           class names: one per line, a JSON list, or a map such as
                          id2label or class_to_idx  [ImageNet's for 1000]
  --calibrate DIR         photos that show typical input  [generated pictures]
  --calibration-images N  how many of them  [64]
  --transforms T          preprocessing: V1 (resize 256, crop 224; most training scripts) or
                          V2 (resize 232, crop 224; IMAGENET1K_V2.transforms())
                          [that of the variant NAME, or of preprocessor_config.json or
                          timm's config.json beside CHECKPOINT; else this or --resize is needed]
  --resize N --crop N     preprocessing, pixels; these options override that  [crop 224]
  --mean R,G,B --std R,G,B
  --interpolation I       nearest, bilinear or bicubic
  --activation A          what makes scores of logits: softmax; sigmoid, if several classes
                          may apply; none  [softmax; sigmoid for one class, and for
                          multi-label networks by config.json]
  --precision P           int8, f32 or both  [int8]
  --shard-size BYTES      longest shard  [4194304]
${QUANTIZATION_HELP}
The same input gives the same bytes.
`;

/** Options that this command shares with \`weights\`. */
export const CONVERSION_OPTIONS = {
  calibrate: { type: 'string' },
  'calibration-images': { type: 'string' },
  precision: { type: 'string' },
  'shard-size': { type: 'string' },
  encoding: { type: 'string' },
  bits: { type: 'string' },
  compress: { type: 'string' },
  evaluate: { type: 'string' },
  threads: { type: 'string' },
  ranges: { type: 'string' },
  'no-matching': { type: 'boolean' },
  'no-equalization': { type: 'boolean' },
  'no-compensation': { type: 'boolean' },
  'no-bias-correction': { type: 'boolean' },
  damping: { type: 'string' },
  shrinkage: { type: 'string' },
  'rate-weight': { type: 'string' },
} as const;

const OPTIONS = {
  ...CONVERSION_OPTIONS,
  name: { type: 'string' },
  out: { type: 'string', short: 'o' },
  labels: { type: 'string' },
  transforms: { type: 'string' },
  ...TRANSFORM_OPTIONS,
  ...ACTIVATION_OPTION,
  'state-dict': { type: 'string' },
  'no-head': { type: 'boolean' },
} as const;

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
    calibrationImages: number(values, 'calibration-images', 1, 100_000) ?? 64,
    quantization: quantizationSettings(values),
    compress: (choice(values, 'compress', ['gzip', 'none']) ?? 'gzip') === 'gzip',
    evaluate: text(values, 'evaluate'),
    shardBytes: number(values, 'shard-size', 65_536, 2 ** 30) ?? 4 * 2 ** 20,
    threads: number(values, 'threads', 1, 64) ?? Math.min(availableParallelism(), 8),
  };
}

function quantizationSettings(values: Values): ConvertOptions['quantization'] {
  const compact = choice(values, 'encoding', ['plain', 'compact']) === 'compact';
  return {
    equalize: !values['no-equalization'],
    // Photos have values that generated pictures never reach: of these, nothing more is cut off.
    ranges: choice(values, 'ranges', RANGES) ?? (values.calibrate === undefined ? 'extremes' : 'squares'),
    compensate: !values['no-compensation'],
    matchBatchNorm: !values['no-matching'],
    correctBias: !values['no-bias-correction'],
    damping: number(values, 'damping', 1e-6, 1, false) ?? 0.01,
    shrinkage: number(values, 'shrinkage', 0, 100, false) ?? 1,
    compactBits: compact ? (number(values, 'bits', 1, 8, false) ?? COMPACT_BITS) : 0,
    rateWeight: number(values, 'rate-weight', 0, 100, false) ?? 1,
  };
}

/** Runs the command; resolves to the exit status. */
export async function convertCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('convert', args, OPTIONS);
  if (values.help) return print(CONVERT_HELP);
  const [checkpoint, ...more] = positionals;
  const [name, out] = [text(values, 'name'), resultPath(values, 'out')];
  if (checkpoint === undefined || more.length > 0)
    throw new UsageError('give one CHECKPOINT (resnet50-wasm convert --help)');
  if (name === undefined || out === undefined)
    throw new UsageError('--name and --out must be given (resnet50-wasm convert --help)');
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

/** torchvision's meta of a variant, without the class names, which manifests have apart. */
export function metaOf(name: string): Record<string, unknown> {
  const { categories, ...meta } = findWeights(name)?.meta ?? { categories: [] };
  return meta;
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
