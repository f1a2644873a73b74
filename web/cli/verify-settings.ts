/**
 * Logits of a picture that is prepared in a given way, and how to ask for that way.
 */
import type { Transforms } from '../base/transforms.js';
import type { Setting } from '../convert/causes.js';
import { pictureInput } from '../convert/labeled.js';
import type { ImageOptions, ResNet50 } from '../index.node.js';

/** Logits of a picture; what the network's own call does not offer is prepared here, as a tensor. */
export async function logitsWith(
  model: ResNet50,
  path: string,
  { orientation, transforms, swapped }: Setting,
  background: ImageOptions['background'],
): Promise<Float32Array> {
  const own = model.info().transforms;
  const { mean, std } = transforms;
  const usual = !swapped && [...mean, ...std].every((value, i) => value === [...own.mean, ...own.std][i]);
  const options = {
    ...{ orientation, background: background ?? null },
    transforms: { ...transforms, mean: own.mean, std: own.std },
  };
  const image = await pictureInput(path);
  if (usual) return model.logits(image, options);
  const { pixels, width, height } = await model.preprocess(image, options);
  return model.logits({ tensor: normalized(pixels, transforms, swapped), shape: [3, height, width] });
}

/** [3, height, width] of 8-bit pixels. */
function normalized(pixels: Uint8ClampedArray, { mean, std }: Transforms, swapped: boolean): Float32Array {
  const size = pixels.length / 3;
  return Float32Array.from({ length: pixels.length }, (_, at) => {
    const channel = Math.floor(at / size) as 0 | 1 | 2;
    const value = pixels[(at % size) * 3 + (swapped ? 2 - channel : channel)] as number;
    return (value / 255 - mean[channel]) / std[channel];
  });
}

/** What to do where the reference is right to go from one setting to the other. */
export function remedyFor(from: Setting, to: Setting): string {
  if (from.orientation !== to.orientation) {
    return to.orientation === 'none'
      ? "to leave photos as stored, use --no-exif or { orientation: 'none' }; to turn them upright in Python, use PIL.ImageOps.exif_transpose"
      : "drop --no-exif, and use { orientation: 'exif' }, which is the default";
  }
  if (from.swapped !== to.swapped) return 'give the network in Python RGB: cv2.cvtColor(image, cv2.COLOR_BGR2RGB)';
  const [a, b] = [from.transforms, to.transforms];
  if (a.resizeSize !== b.resizeSize) return convertWith(`--resize ${b.resizeSize}`, `resizeSize: ${b.resizeSize}`);
  if (a.interpolation !== b.interpolation)
    return convertWith(`--interpolation ${b.interpolation}`, `interpolation: '${b.interpolation}'`);
  if (a.antialias !== b.antialias) return `load with { transforms: { antialias: ${b.antialias} } }`;
  const [mean, std] = [b.mean, b.std].map((triple) => triple.map((v) => Number(v.toPrecision(6))).join(','));
  return convertWith(`--mean ${mean} --std ${std}`, `mean: [${mean}], std: [${std}]`);
}

const convertWith = (options: string, fields: string): string =>
  `convert again with ${options}, or load with { transforms: { ${fields} } }`;
