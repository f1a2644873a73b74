/**
 * `resnet50-wasm explain`: where in a picture a class was seen, as a PNG to lay on it, or on the crop that the network saw.
 */
import { encode } from 'fast-png';
import { ResNet50Error } from '../base/errors.js';
import { isStandardOutput } from '../base/write.node.js';
import { spread } from '../client/explain.js';
import { heatmapPixels } from '../client/heatmap.js';
import type { Explanation, ImageOptions, Preprocessed, ResNet50 } from '../index.node.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { loadWithProgress } from './load.js';
import { HEAD_OPTION, IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { readable } from './names.js';
import { number, text, UsageError, type Values } from './options.js';
import { shownScore } from './outcome.js';
import { neededOut, openResult } from './results.js';
import { note, print, shown } from './terminal.js';
import { ACTIVATION_OPTION, activationOption } from './transforms.js';

const OPTIONS = {
  out: { type: 'string', short: 'o', value: 'FILE', help: 'the .png file' },
  class: {
    ...{ type: 'string', short: 'c', value: 'CLASS' },
    help: 'the class by index, WordNet id or label  [the most probable]',
  },
  'on-crop': { type: 'boolean', help: 'instead, the crop that the network saw, with the map on it' },
  'max-side': {
    ...{ type: 'string', value: 'N' },
    help: "longest side of the map, pixels; 'all' for the picture's own  [1024]",
  },
  ...MODEL_OPTIONS,
  ...HEAD_OPTION,
  ...ACTIVATION_OPTION,
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** Names that promise what is not written. */
const OTHER_PICTURE = /\.(?:avif|bmp|gif|heic|jpe?g|jxl|pdf|svg|tiff?|webp)$/i;

/** `resnet50-wasm explain`. */
export const EXPLAIN: Command = {
  name: 'explain',
  usage: 'PICTURE --out heat.png [options]',
  summary: 'where in a picture a class was seen, as a PNG',
  text: `Shows where in a picture (JPEG, PNG, BMP; '-' is standard input) a class was seen: its class activation map in
colors, dark violet (weak) to light yellow (strong), as a PNG of the picture's size with transparency, to be laid on it.
Prints the class and its score.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm explain photo.jpg --weights CIFAR10_DEMO --out heat.png', 'a map of the most probable class'],
    ['resnet50-wasm explain photo.jpg --class "tiger cat" --on-crop --out cat.png', 'another class, on the crop'],
    ['resnet50-wasm explain photo.jpg --out - > heat.png', 'to standard output'],
  ],
  environment: MODEL_VARIABLES,
  run: explain,
};

async function explain(values: Values, positionals: string[]): Promise<number> {
  const [picture, ...more] = positionals;
  if (picture === undefined || more.length > 0) throw new UsageError('name one picture (resnet50-wasm explain --help)');
  const out = neededOut('explain', values);
  const other = OTHER_PICTURE.exec(out)?.[0];
  if (other !== undefined)
    throw new UsageError(`--out ${out}: explain writes PNG, not ${other}: name a file that ends with .png`);
  const asked = text(values, 'class');
  const maxSide = number(values, 'max-side', 1, Number.POSITIVE_INFINITY) ?? 1024;
  const settings = imageOptions(values);
  const activation = activationOption(values);
  const file = await openResult('out', out);
  let model: ResNet50 | undefined;
  try {
    model = await loadWithProgress(loadOptions(values));
    const image = await readable(picture);
    const index = asked === undefined ? {} : { index: /^\d+$/.test(asked) ? Number(asked) : asked };
    const scores = activation === undefined ? {} : { activation };
    const explained = await model.explain(image, { ...settings, ...index, ...scores, maxSide }).catch(namingClass);
    const png = values['on-crop'] ? await onCrop(model, image, settings, explained) : overlay(explained);
    await file.write(png, 0);
    await file.commit();
    const isLogit = (activation ?? model.info().activation) === 'none';
    const line = shown`${explained.label}  ${shownScore(explained.score, isLogit)}`;
    if (await isStandardOutput(out)) note(line);
    else print(`${line}\n`);
    return 0;
  } finally {
    await file.abandon();
    await model?.dispose();
  }
}

/** The option of `explain` that --class sets is called `index`. */
function namingClass(error: unknown): never {
  const { code, subject, message } = error as ResNet50Error;
  if (code !== 'INVALID_ARGUMENT' || subject !== 'index') throw error;
  throw new ResNet50Error(code, message.replace('index', '--class'), { subject: 'class', cause: error });
}

const overlay = (map: Explanation): Uint8Array =>
  encode({ width: map.width, height: map.height, data: heatmapPixels(map), channels: 4 });

async function onCrop(
  model: ResNet50,
  image: string | Uint8Array,
  settings: ImageOptions,
  { grid }: Explanation,
): Promise<Uint8Array> {
  const { pixels, width, height }: Preprocessed = await model.preprocess(image, settings);
  const heat = heatmapPixels({ data: spread(grid, { left: 0, top: 0, right: 1, bottom: 1 }, width, height) });
  for (let i = 0; i < width * height; i++) {
    const opacity = (heat[i * 4 + 3] as number) / 255;
    for (let c = 0; c < 3; c++) {
      pixels[i * 3 + c] = (pixels[i * 3 + c] as number) * (1 - opacity) + (heat[i * 4 + c] as number) * opacity;
    }
  }
  return encode({ width, height, data: pixels, channels: 3 });
}
