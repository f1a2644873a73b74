/**
 * The package's entry for Node.js, Bun and Deno.
 */
import { Model } from './client/model.js';
import type { LoadOptions } from './client/options.js';
import type { Running } from './client/running.js';
import { getMissing, missingWeights } from './node/get-weights.js';
import { nodePlatform } from './node/platform.js';
import { Pool, type PoolOptions } from './node/pool.js';

export * from './client/api.js';
export type { EachOptions, EachResult, Pool, PoolOptions } from './node/pool.js';
export { nodeWeightsCache as weightsCache } from './weights/cache-folder.node.js';

/** torchvision's ResNet-50. */
export class ResNet50 extends Model {
  private constructor(running: Running) {
    super(running);
  }

  /**
   * Starts the network in a worker and fills it with weights.
   * @example
   * const model = await ResNet50.load({ weights: ResNet50_Weights.DEFAULT });
   * const [best] = await model.classify('photo.jpg');
   * @throws ResNet50Error; the signal's reason
   */
  static async load(options: LoadOptions = {}): Promise<ResNet50> {
    const open = () => Model.open((running) => new ResNet50(running), nodePlatform, options);
    try {
      return await open();
    } catch (error) {
      const missing = options?.download ? missingWeights(error, options) : undefined;
      if (missing === undefined) throw error;
      await getMissing(missing, options);
    }
    return open();
  }

  /**
   * Several models side by side, each in a worker thread of its own, for many pictures: faster than one model on as many
   * threads.
   * @example
   * await using pool = await ResNet50.pool({ weights: ResNet50_Weights.DEFAULT });
   * const labels = await pool.classify(['a.jpg', 'b.jpg', 'c.jpg']);
   * @throws as `load`
   */
  static pool(options: PoolOptions = {}): Promise<Pool<ResNet50>> {
    return Pool.open((own) => ResNet50.load(own), options);
  }
}
