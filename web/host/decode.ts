/**
 * From what a caller handed over to an image in the core's memory: decoded by the core, or by the realm where the core
 * cannot.
 */

import { isUndecodable, ResNet50Error } from '../base/errors.js';
import { copyIn, unwrap } from '../core/start.js';
import type { CoreImage, CoreModule, CoreResult } from '../core/types.js';
import type { DecodeSettings, PreparedImage } from '../protocol/messages.js';

/** What decoding needs from its realm. */
export interface ImageRealm {
  /** Decodes what the core does not read, damaged files among it, where the realm can; RGBA. */
  decodeForeign?(
    bytes: Uint8Array<ArrayBuffer>,
    decode: DecodeSettings,
    name: string,
  ): Promise<ForeignImage | undefined>;
  /** Reads the pixels of a bitmap; closes it. */
  readBitmap?(bitmap: ImageBitmap, decode: DecodeSettings, name: string): Promise<ForeignImage>;
}

/** Pixels that the realm decoded: RGBA, not premultiplied. */
export interface ForeignImage {
  data: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/**
 * The pixels of a prepared image, in the core's memory; the caller deletes them.
 * @throws ResNet50Error the decoder's codes, UNSUPPORTED_INPUT
 */
export async function decodeImage(
  core: CoreModule,
  realm: ImageRealm,
  image: PreparedImage,
  decode: DecodeSettings,
): Promise<CoreImage> {
  switch (image.kind) {
    case 'bytes':
      return decodeBytes(core, realm, image.bytes, decode, image.name);
    case 'pixels':
      return wrapPixels(core, image, decode, image.channels, image.name);
    case 'bitmap': {
      const pixels = await realm.readBitmap?.(image.bitmap, decode, image.name);
      if (pixels !== undefined) return wrapPixels(core, pixels, decode, 4, image.name);
      break;
    }
    case 'tensor':
      break;
  }
  throw new ResNet50Error(
    'UNSUPPORTED_INPUT',
    `${image.name}: a ${image.kind} is not taken here (tensors are by logits, embed and features)`,
    {
      subject: image.name,
    },
  );
}

async function decodeBytes(
  core: CoreModule,
  realm: ImageRealm,
  bytes: Uint8Array<ArrayBuffer>,
  decode: DecodeSettings,
  name: string,
): Promise<CoreImage> {
  const pointer = copyIn(core, bytes, name);
  let result: CoreResult<CoreImage>;
  try {
    result = core.decodeImage(pointer, bytes.length, decode);
  } finally {
    core.release(pointer);
  }
  if (isUndecodable(result.error)) {
    const foreign = await realm.decodeForeign?.(bytes, decode, name);
    if (foreign !== undefined) return wrapPixels(core, foreign, decode, 4, name);
  }
  return unwrap(result, name);
}

function wrapPixels(
  core: CoreModule,
  pixels: ForeignImage,
  decode: DecodeSettings,
  channels: 1 | 3 | 4,
  name: string,
): CoreImage {
  const { data, width, height } = pixels;
  const pointer = copyIn(core, data, name);
  try {
    return unwrap(core.imageFromPixels(pointer, width, height, channels, decode.background), name);
  } finally {
    core.release(pointer);
  }
}
