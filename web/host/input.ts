/**
 * From what a caller handed over to what the core takes: bytes and pixels in a block of its memory, foreign formats decoded
 * by the realm.
 */

import { ResNet50Error } from '../base/errors.js';
import { copyIn, unwrap } from '../core/start.js';
import type { CoreInput, CoreModule, CorePicture, CoreResult } from '../core/types.js';
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
 * The answer of one call into the core about a picture, or about a tensor if `use` takes it. Each input is for one call,
 * which frees it; a format that the core does not read takes a second one, with the realm's pixels.
 * @throws ResNet50Error the core's codes, UNSUPPORTED_INPUT
 */
export async function withInput<T>(
  core: CoreModule,
  realm: ImageRealm,
  image: PreparedImage,
  decode: DecodeSettings,
  use: {
    picture: (input: CorePicture) => Promise<CoreResult<T>>;
    tensor?: (input: CoreInput) => Promise<CoreResult<T>>;
  },
): Promise<T> {
  const { name } = image;
  const ofPixels = async ({ data, width, height }: ForeignImage, channels: 1 | 3 | 4 = 4) =>
    unwrap(await use.picture({ pointer: copyIn(core, data, name), width, height, channels }), name);
  if (image.kind === 'bytes') {
    const { bytes } = image;
    const result = await use.picture({ pointer: copyIn(core, bytes, name), bytes: bytes.length });
    // Damaged files of our own formats are refused alike in every engine.
    const foreign =
      result.error?.code === 'UNSUPPORTED_FORMAT' ? await realm.decodeForeign?.(bytes, decode, name) : undefined;
    return foreign === undefined ? unwrap(result, name) : ofPixels(foreign);
  }
  if (image.kind === 'pixels') return ofPixels(image, image.channels);
  if (image.kind === 'bitmap' && realm.readBitmap !== undefined)
    return ofPixels(await realm.readBitmap(image.bitmap, decode, name));
  if (image.kind === 'tensor' && use.tensor !== undefined) {
    const [n, , height, width] = image.shape;
    return unwrap(await use.tensor({ pointer: copyIn(core, image.data, name), n, height, width }), name);
  }
  throw new ResNet50Error(
    'UNSUPPORTED_INPUT',
    `${name}: a ${image.kind} is not taken here (tensors are by logits, embed and features)`,
    { subject: name },
  );
}
