/**
 * What an engine needs from a browser: weights over HTTP with Cache Storage, and the browser's own image decoders for
 * the formats that the core does not read.
 */

import type { Flavour } from '../base/engine-support.js';
import { ResNet50Error } from '../base/errors.js';
import type { CoreFactory } from '../core/start.js';
import type { Realm } from '../host/engine.js';
import type { ForeignImage } from '../host/input.js';
import type { DecodeSettings } from '../protocol/messages.js';
import { cacheStorageStore } from '../weights/cache-storage.js';
import { HttpFolder } from '../weights/folder-http.js';
import { readPixels } from './pixels.js';

/** A realm whose cores come from `loadFactory`. */
export function browserRealm(loadFactory: (flavour: Flavour) => Promise<CoreFactory>): Realm {
  const store = cacheStorageStore();
  return {
    loadFactory,
    openFolder: (address) => new HttpFolder(address, store),
    decodeForeign,
    readBitmap,
  };
}

/** WebP, AVIF, GIF, HEIC, files that end early... where the browser reads them; undefined where it does not. */
async function decodeForeign(
  bytes: Uint8Array<ArrayBuffer>,
  decode: DecodeSettings,
  name: string,
): Promise<ForeignImage | undefined> {
  if (typeof createImageBitmap !== 'function' || typeof OffscreenCanvas !== 'function') return undefined;
  const imageOrientation = decode.applyOrientation ? 'from-image' : ('none' as ImageOrientation);
  const options: ImageBitmapOptions = { imageOrientation, premultiplyAlpha: 'none', colorSpaceConversion: 'none' };
  const bitmap = await createImageBitmap(new Blob([bytes]), options).catch(() => undefined);
  return bitmap === undefined ? undefined : readBitmap(bitmap, decode, name);
}

async function readBitmap(bitmap: ImageBitmap, decode: DecodeSettings, name: string): Promise<ForeignImage> {
  const { width, height } = bitmap;
  try {
    if (width * height > decode.maxPixels) {
      throw new ResNet50Error(
        'IMAGE_TOO_LARGE',
        `${name} has ${width} x ${height} pixels, over the limit of ${decode.maxPixels}: raise maxPixels to take it`,
        { subject: name },
      );
    }
    const data = await readPixels(bitmap);
    if (data === undefined)
      throw new ResNet50Error('OUT_OF_MEMORY', `no canvas of ${width} x ${height} for ${name}`, { subject: name });
    return { data, width, height };
  } finally {
    bitmap.close();
  }
}
