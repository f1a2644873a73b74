/**
 * The package's entry for conversion in Node.js, Bun and Deno.
 */

import type { ConvertedWeights } from './conversion/convert.js';
import { convertOn } from './conversion/convert.js';
import type { ConvertOptions, FileInput } from './conversion/convert-options.js';
import { nodeConvertPlatform } from './convert/platform.js';

export type * from './conversion/api.js';

/**
 * Converts a checkpoint of a ResNet-50 in a worker thread.
 * @example
 * const weights = await convert('model.pth', { labels: 'labels.txt', transforms: 'V1' });
 * const model = await ResNet50.load({ weights });
 * @throws ResNet50Error; the signal's reason
 */
export const convert = (checkpoint: FileInput, options: ConvertOptions = {}): Promise<ConvertedWeights> =>
  convertOn(nodeConvertPlatform, checkpoint, options);
