/**
 * Files that no decoder reads, as an <img> shows them: of those that end early the beginning, and drawings.
 */
import type { Limits } from '../base/limits.js';
import type { PreparedImage } from '../protocol/messages.js';
import { badInput, checkPixels } from './input-checks.js';
import type { Showable } from './inputs.js';

async function elementOf(file: Blob | string): Promise<HTMLImageElement> {
  const element = new Image();
  const address = typeof file === 'string' ? file : URL.createObjectURL(file);
  element.crossOrigin = 'anonymous';
  element.src = address;
  await element.decode().catch(() => undefined); // it shows what it has all the same
  URL.revokeObjectURL(address);
  return element;
}

/** @throws ResNet50Error UNSUPPORTED_INPUT, IMAGE_TOO_LARGE, and what the page throws */
export async function drawFile(file: Showable, name: string, limits: Limits): Promise<PreparedImage> {
  const element = typeof file === 'object' && 'naturalWidth' in file ? file : await elementOf(file);
  const { naturalWidth: width, naturalHeight: height } = element;
  if (width === 0 || height === 0) throw badInput(`${name} is not shown either`, name);
  checkPixels(width, height, name, limits);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.drawImage(element, 0, 0);
  return { kind: 'bitmap', name, bitmap: canvas.transferToImageBitmap() };
}
