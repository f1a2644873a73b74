/**
 * How long and how large inputs may be.
 */
import { ResNet50Error } from './errors.js';

/** Limits on inputs where the caller gives none. */
export interface Limits {
  /** Longest encoded file, bytes. */
  maxBytes: number;
  /** Most pixels (width x height) of an image. */
  maxPixels: number;
}

/** @throws ResNet50Error IMAGE_TOO_LARGE */
export function checkBytes(bytes: number, name: string, { maxBytes }: Pick<Limits, 'maxBytes'>): void {
  if (bytes <= maxBytes) return;
  throw new ResNet50Error('IMAGE_TOO_LARGE', `${name} has more than ${maxBytes} bytes: raise maxBytes to take it`, {
    subject: name,
  });
}
