/**
 * Shows the converter the pictures that ranges are found with: photos of a folder, or generated ones.
 */
import { basename } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import type { ConverterModule, CoreConverter } from '../core/converter-types.js';
import { copyIn, unwrap } from '../core/start.js';
import type { CorePicture, CorePictureSettings } from '../core/types.js';
import type { Manifest } from '../weights/manifest.js';
import { picturesBelow } from './image-folder.js';
import { readPhoto } from './labeled.js';
import type { ConvertOptions } from './options.js';
import type { Phases } from './phases.js';

/** What the core decodes. */
const PHOTO = /\.(?:jpe?g|png|bmp)$/i;

export async function calibrate(
  core: ConverterModule,
  converter: CoreConverter,
  options: ConvertOptions,
  phases: Phases,
): Promise<Manifest['calibration']> {
  const wanted = options.calibrationImages;
  if (options.calibrate === undefined) {
    for (let i = 0; i < wanted; i++) {
      unwrap(converter.calibrateGenerated(i));
      phases.at('calibrate', i + 1, wanted);
    }
    return { images: wanted, kind: 'generated' };
  }
  const photos = spread(
    (await picturesBelow(options.calibrate)).filter((path) => PHOTO.test(path)),
    wanted,
  );
  let used = 0;
  for (const [i, path] of photos.entries()) {
    try {
      const name = basename(path);
      const [photo, settings] = photoInput(core, await readPhoto(path), name, true);
      unwrap(converter.calibrate(photo, settings), name);
      used++;
    } catch (error) {
      if (!(error instanceof ResNet50Error)) throw error;
      options.onWarning?.(`left out of calibration: ${error.message}`);
    }
    phases.at('calibrate', i + 1, photos.length);
  }
  if (used === 0) {
    throw new ResNet50Error(
      'INVALID_ARGUMENT',
      `${options.calibrate} holds no photo that could be read (JPEG, PNG, BMP)`,
      {
        subject: options.calibrate,
      },
    );
  }
  return { images: used, kind: 'photos' };
}

/** A photo for one call of the converter, which frees it, and how it is decoded. */
export function photoInput(
  core: ConverterModule,
  bytes: Uint8Array,
  name: string,
  applyOrientation: boolean,
): [CorePicture, CorePictureSettings] {
  const decode = { maxPixels: 268_402_689, applyOrientation, background: null };
  const picture = { pointer: copyIn(core, bytes, name), bytes: bytes.length };
  return [picture, { decode, view: { rotate: 0, region: null } }];
}

/** At most `count` of the items, evenly spread. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}
