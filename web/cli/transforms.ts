/**
 * Preprocessing on the command line: options that override it, where `convert` takes it from, and how it is shown.
 */
import { basename } from 'node:path';
import { ACTIVATIONS, type Activation } from '../base/activation.js';
import { mergeTransforms, type Transforms } from '../base/transforms.js';
import { configTransforms } from '../convert/checkpoint-config.js';
import { findWeights, ResNet50_Weights } from '../weights/registry.js';
import type { Options } from './command.js';
import { choice, number, triple, UsageError, type Values } from './options.js';

const INTERPOLATIONS = ['nearest', 'bilinear', 'bicubic'] as const;

/** Options that override the preprocessing; transformOptions() reads them. */
export const TRANSFORM_OPTIONS = {
  resize: { type: 'string', value: 'N', help: 'pixels of the shorter side  [as the weights say]' },
  crop: { type: 'string', value: 'N', help: 'pixels of the crop in the middle  [as the weights say]' },
  interpolation: { type: 'string', value: 'I', words: INTERPOLATIONS, help: 'nearest, bilinear or bicubic' },
  mean: { type: 'string', value: 'R,G,B', help: 'subtracted from the channels, 0 to 1' },
  std: { type: 'string', value: 'R,G,B', help: 'by which they are divided then' },
} as const satisfies Options;

/** What makes scores of logits. */
export const ACTIVATION_OPTION = {
  activation: {
    ...{ type: 'string', value: 'A', words: ACTIVATIONS },
    help: "what makes scores of logits: softmax (classes exclude each other), sigmoid (each by itself) or none (the logits)  [the network's own]",
  },
} as const satisfies Options;

export const activationOption = (values: Values): Activation | undefined => choice(values, 'activation', ACTIVATIONS);

/** What TRANSFORM_OPTIONS ask for: only what was given. */
export function transformOptions(values: Values): Partial<Transforms> {
  const given = {
    resizeSize: number(values, 'resize', 1, 4096),
    cropSize: number(values, 'crop', 32, 4096),
    interpolation: choice(values, 'interpolation', INTERPOLATIONS),
    mean: triple(values, 'mean'),
    std: triple(values, 'std'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** torchvision's two presets, by what `--transforms` calls them. */
const PRESETS = { V1: ResNet50_Weights.IMAGENET1K_V1, V2: ResNet50_Weights.IMAGENET1K_V2 } as const;

const sizes = ({ resizeSize, cropSize }: Transforms): string => `resize ${resizeSize}, crop ${cropSize}`;

/** One line for people. */
export const shownTransforms = (transforms: Transforms): string =>
  [
    sizes(transforms),
    transforms.interpolation + (transforms.antialias === false ? ' without antialias' : ''),
    `mean ${transforms.mean.join(' ')}`,
    `std ${transforms.std.join(' ')}`,
  ].join(', ');

/**
 * The preprocessing for a checkpoint, and in a few words where it comes from: the options, the registry (for names in it)
 * or a config beside the checkpoint. Nothing is assumed: validation accuracy drops silently where it is wrong.
 * @throws UsageError where nothing says it; ResNet50Error for configs that cannot be followed
 */
export async function convertTransforms(
  name: string,
  checkpoint: string,
  values: Values,
): Promise<{ transforms: Transforms; from: string }> {
  const given = transformOptions(values);
  const preset = choice(values, 'transforms', ['V1', 'V2']);
  const overridden = Object.keys(given).length > 0 ? ', with options' : '';
  if (preset !== undefined) {
    return { transforms: PRESETS[preset].transforms(given), from: `torchvision's ${preset}${overridden}` };
  }
  const known = findWeights(name);
  if (known !== undefined) return { transforms: known.transforms(given), from: `those of ${known.name}${overridden}` };
  const found = await configTransforms(checkpoint, given);
  if (found !== undefined) {
    return { transforms: mergeTransforms(found.transforms), from: `from ${basename(found.path)}${overridden}` };
  }
  const base = PRESETS.V1.transforms();
  if (given.resizeSize === undefined) throw new UsageError(missing());
  if (given.cropSize === undefined && given.resizeSize < base.cropSize)
    throw new UsageError(`--resize ${given.resizeSize}: give --crop too, of at most as many pixels`);
  return { transforms: mergeTransforms(base, given), from: 'from options' };
}

function missing(): string {
  const [first, second] = [sizes(PRESETS.V1.transforms()), sizes(PRESETS.V2.transforms())];
  return (
    'say how pictures were prepared when the network was validated: ' +
    `--transforms V1 (${first}), --transforms V2 (${second}), or --resize N --crop N; ` +
    'most training scripts use V1, and V2 belongs to networks fine-tuned with IMAGENET1K_V2.transforms()'
  );
}
