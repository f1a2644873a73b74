/**
 * The package's entry for conversion in browsers: checkpoints of PyTorch become weights in the page, without Python.
 */
import { browserConvertPlatform } from './browser/converter.js';
import type { ConvertedWeights } from './conversion/convert.js';
import { convertOn } from './conversion/convert.js';
import type { ConvertOptions, FileInput } from './conversion/convert-options.js';
// Another file of the package: errors of both are of one class.
import { ResNet50Error } from './index.js';

export type * from './conversion/api.js';

/**
 * Converts a checkpoint of a ResNet-50 in a worker.
 * @example
 * const weights = await convert(file, { labels: ['cat', 'dog'], transforms: 'V1' });
 * const model = await ResNet50.load({ weights });
 * @throws ResNet50Error; the signal's reason
 */
export async function convert(checkpoint: FileInput, options: ConvertOptions = {}): Promise<ConvertedWeights> {
  try {
    return await convertOn(browserConvertPlatform, checkpoint, options);
  } catch (error) {
    const { name, code, message, subject, cause } = (error ?? {}) as ResNet50Error;
    throw name === 'ResNet50Error' ? new ResNet50Error(code, message, { subject, cause }) : error;
  }
}
