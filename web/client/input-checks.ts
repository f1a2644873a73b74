/**
 * Limits on inputs, and the errors for what is beyond them.
 */
import { describe, ResNet50Error } from '../base/errors.js';
import type { Limits } from '../base/limits.js';

/** 64 megapixels: a phone's photo, and 192 MB as RGB. */
export const BROWSER_LIMITS: Limits = { maxBytes: 64 * 2 ** 20, maxPixels: 64_000_000 };

export const badInput = (message: string, subject = 'image', cause?: unknown): ResNet50Error =>
  new ResNet50Error('UNSUPPORTED_INPUT', message, { subject, cause });

export function checkPixels(width: number, height: number, name: string, limits: Limits): void {
  if (width * height <= limits.maxPixels) return;
  throw new ResNet50Error(
    'IMAGE_TOO_LARGE',
    `${name} has ${width} x ${height} pixels, over the limit of ${limits.maxPixels}: raise maxPixels to take it`,
    { subject: name },
  );
}

/** @throws ResNet50Error UNSUPPORTED_INPUT */
export async function readBlob(
  blob: Blob,
  name: string,
  read = (it: Blob) => it.arrayBuffer(),
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const bytes = new Uint8Array(await read(blob));
    // Another library's may give its own memory, which must not be transferred.
    return (blob as unknown) instanceof Blob ? bytes : bytes.slice();
  } catch (cause) {
    throw badInput(`${name} cannot be read: ${describe(cause)}`, name, cause);
  }
}
