/**
 * Photos that users hand over, to find ranges with or to compare on.
 */
import { fault, tagOf } from '../base/check.js';
import { type ImageInput, prepare } from '../client/inputs.js';
import type { Category } from '../weights/manifest.js';
import type { ConvertOptions, FileInput, LabeledImage } from './convert-options.js';
import { isBlob, nameOf } from './files.js';
import type { ConvertPlatform } from './platform.js';
import type { ConversionInputs, Photo } from './run.js';

/** A picture on its way, under the name of its file. */
function photoOf(platform: ConvertPlatform, input: ImageInput, label: string, signal: AbortSignal | undefined): Photo {
  const preparing = prepare(input, label, platform, platform.limits);
  const named = isBlob(input) || typeof input === 'string' || tagOf(input) === 'URL';
  return { name: named ? nameOf(input as FileInput) : label, read: () => preparing(signal) };
}

const needsDisk = (option: string): Error => fault(option, 'must be a list of pictures: folders are for Node.js');

export function photosOf(
  platform: ConvertPlatform,
  given: NonNullable<ConvertOptions['calibrate']>,
  signal: AbortSignal | undefined,
): NonNullable<ConversionInputs['calibration']> {
  if (typeof given === 'string') {
    const { disk } = platform;
    if (disk === undefined) throw needsDisk('calibrate');
    return () => disk.photos(given);
  }
  const photos = given.map((input, i) => photoOf(platform, input, `calibrate[${i}]`, signal));
  return async () => ({ photos, from: 'calibrate' });
}

export function evaluationOf(
  platform: ConvertPlatform,
  given: NonNullable<ConvertOptions['evaluate']>,
  signal: AbortSignal | undefined,
): NonNullable<ConversionInputs['evaluation']> {
  if (typeof given === 'string') {
    const { disk } = platform;
    if (disk === undefined) throw needsDisk('evaluate');
    return (categories) => disk.labeled(given, categories);
  }
  const photos = given.map((item, i) => {
    const labeled = isLabeled(item) ? item : { image: item as ImageInput };
    return { ...photoOf(platform, labeled.image, `evaluate[${i}]`, signal), label: labeled.label };
  });
  return async (categories) => ({
    photos: photos.map((photo, i) => ({ ...photo, label: indexOf(photo.label, categories, `evaluate[${i}].label`) })),
    notes: [],
    from: 'evaluate',
  });
}

const isLabeled = (item: unknown): item is LabeledImage =>
  tagOf(item) === 'Object' && (item as LabeledImage).image !== undefined;

/** The index of a class. @throws ResNet50Error INVALID_ARGUMENT where there is none */
function indexOf(label: LabeledImage['label'], categories: readonly Category[], subject: string): number | undefined {
  if (label === undefined) return undefined;
  const index =
    typeof label === 'number'
      ? label
      : categories.findIndex((category) => category.label === label || category.wnid === label);
  // One logit decides between two classes.
  const classes = Math.max(2, categories.length);
  if (Number.isInteger(index) && index >= 0 && index < classes) return index;
  throw fault(
    subject,
    `is ${JSON.stringify(label)}, which is no class of the network: give an index or a name of labels`,
  );
}
