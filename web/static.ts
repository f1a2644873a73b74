/**
 * The package's entry for realms without workers or dynamic import: service workers, extensions' backgrounds, edge runtimes.
 */

import { staticPlatform } from './browser/static-platform.js';
import { Model } from './client/model.js';
import type { LoadOptions } from './client/options.js';
import type { Running } from './client/running.js';

export * from './client/api.js';
export { browserWeightsCache as weightsCache } from './weights/cache-storage.js';

/** torchvision's ResNet-50. */
export class ResNet50 extends Model {
  private constructor(running: Running) {
    super(running);
  }

  /**
   * Starts the network in this very thread, on one thread, and fills it with weights.
   * @example
   * const model = await ResNet50.load({ weights: ResNet50_Weights.DEFAULT });
   * const [best] = await model.classify(file);
   * @throws ResNet50Error; the signal's reason
   */
  static load(options: LoadOptions = {}): Promise<ResNet50> {
    return Model.open((running) => new ResNet50(running), staticPlatform, options);
  }
}
