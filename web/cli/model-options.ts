/**
 * Options that commands share: which model, and how pictures are read.
 */
import type { ImageOptions, LoadOptions } from '../index.node.js';
import { listWeights } from '../weights/variants.js';
import type { Options } from './command.js';
import { choice, color, number, text, type Values } from './options.js';
import { TRANSFORM_OPTIONS, transformOptions } from './transforms.js';

const PRECISIONS = ['int8', 'f32'] as const;
const FLAVOURS = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'] as const;

/** Options of every command that loads a model; loadOptions() reads them. */
export const MODEL_OPTIONS = {
  weights: {
    ...{ type: 'string', short: 'w', value: 'NAME', words: [...listWeights(), 'DEFAULT'] },
    help: 'IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT, CIFAR10_DEMO, a variant you converted, or a folder with manifest.json  [DEFAULT]',
  },
  'weights-dir': { type: 'string', value: 'DIR', help: 'look for weights in DIR first  [$RESNET50_WEIGHTS_DIR]' },
  download: { type: 'boolean', help: 'get the weights NAME if they are not there (minutes)' },
  precision: { type: 'string', value: 'P', words: PRECISIONS, help: 'int8 or f32  [int8]' },
  'activation-bits': { type: 'string', value: 'N', words: ['7', '8'], help: '7 or 8  [7]' },
  threads: { type: 'string', value: 'N', help: 'how many for a picture  [as many as help]' },
  flavour: {
    ...{ type: 'string', value: 'NAME', words: FLAVOURS },
    help: 'simd, simd-threads, relaxed or relaxed-threads  [the best]',
  },
  revectorize: { type: 'boolean', help: 'ask V8 for code of 256 bits (x64; experimental)' },
  ...TRANSFORM_OPTIONS,
} as const satisfies Options;

/** Options of every command that reads pictures. */
export const IMAGE_OPTIONS = {
  'no-exif': { type: 'boolean', help: 'leave the picture as it is stored, as Pillow does' },
  background: {
    ...{ type: 'string', value: 'RRGGBB' },
    help: 'color under transparent pixels  [alpha is dropped, as Pillow does]',
  },
} as const satisfies Options;

/** A head in place of the network's classes; loadOptions() reads it too. */
export const HEAD_OPTION = {
  head: { type: 'string', value: 'FILE', help: "classes of your own: what 'fit' wrote" },
} as const satisfies Options;

/** What MODEL_OPTIONS ask for. */
export function loadOptions(values: Values): LoadOptions {
  const threads = text(values, 'threads') === 'auto' ? 'auto' : number(values, 'threads', 1, 64);
  const bits = number(values, 'activation-bits', 7, 8);
  const weights = text(values, 'weights');
  const weightsDir = text(values, 'weights-dir');
  const head = text(values, 'head');
  const precision = choice(values, 'precision', PRECISIONS);
  const transforms = transformOptions(values);
  const flavour = choice(values, 'flavour', FLAVOURS);
  return {
    ...(weights === undefined ? {} : { weights }),
    ...(weightsDir === undefined ? {} : { weightsDir }),
    ...(head === undefined ? {} : { head }),
    ...(precision === undefined ? {} : { precision }),
    ...(flavour === undefined ? {} : { flavour }),
    ...(Object.keys(transforms).length === 0 ? {} : { transforms }),
    ...(threads === undefined ? {} : { threads }),
    ...(bits === undefined ? {} : { activationBits: bits === 8 ? 8 : 7 }),
    ...(values.download ? { download: true } : {}),
    ...(values.revectorize ? { revectorize: true } : {}),
  };
}

/** How pictures are read. */
export const imageOptions = (values: Values): ImageOptions => ({
  orientation: values['no-exif'] ? 'none' : 'exif',
  background: color(values, 'background') ?? null,
});
