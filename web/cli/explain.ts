/**
 * `resnet50-wasm explain`: where in a picture a class was seen, as a PNG to lay on it, or on the crop that the network saw.
 */
import { encode } from 'fast-png';
import { ResNet50Error } from '../base/errors.js';
import { isStandardOutput } from '../base/write.node.js';
import { spread } from '../client/explain.js';
import { heatmapPixels } from '../client/heatmap.js';
import type { Explanation, ImageOptions, Preprocessed, ResNet50 } from '../index.node.js';
import {
  HEAD_OPTION,
  IMAGE_OPTIONS,
  imageOptions,
  loadOptions,
  loadWithProgress,
  MODEL_OPTIONS,
  print,
  readable,
  shownScore,
} from './classify.js';
import { number, parse, text, UsageError } from './options.js';
import { neededOut, openResult } from './results.js';
import { note, shown } from './terminal.js';
import { ACTIVATION_OPTION, activationOption, IMAGE_HELP } from './transforms.js';

const HELP = `Usage: resnet50-wasm explain PICTURE --out heat.png [options]

Shows where in a picture (JPEG, PNG, BMP; '-' is standard input) a class was seen: its
class activation map in colors, dark violet (weak) to light yellow (strong), as a PNG of
the picture's size with transparency, to be laid on it. Prints the class and its
score.

  --out FILE              the .png file
  --class CLASS           the class by index, WordNet id or label  [the most probable]
  --on-crop               instead, the crop that the network saw, with the map on it
  --activation A          what makes the score of the logits: softmax, sigmoid or none
                          [the network's own]
  --max-side N            longest side of the map, pixels; 'all' for the picture's own  [1024]
  --weights NAME          IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT, a variant you converted,
                          or a folder with manifest.json  [DEFAULT]
  --weights-dir DIR       look for weights in DIR first  [$RESNET50_WEIGHTS_DIR]
  --download              get the weights NAME if they are not there (minutes)
  --head FILE             classes of your own: what 'fit' wrote
  --precision P           int8 or f32  [int8]
  --threads N             [as many as help]
${IMAGE_HELP}`;

const OPTIONS = {
  out: { type: 'string', short: 'o' },
  class: { type: 'string', short: 'c' },
  'on-crop': { type: 'boolean' },
  'max-side': { type: 'string' },
  ...MODEL_OPTIONS,
  ...HEAD_OPTION,
  ...IMAGE_OPTIONS,
  ...ACTIVATION_OPTION,
} as const;

/** Runs the command; resolves to the exit status. */
export async function explainCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('explain', args, OPTIONS);
  if (values.help) return print(HELP);
  const [picture, ...more] = positionals;
  if (picture === undefined || more.length > 0) throw new UsageError('name one picture (resnet50-wasm explain --help)');
  const out = neededOut('explain', values);
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
