/** The cache of weights as users see it; what it does is loaded late. */
import { withLate } from '../client/late.js';
import type { WeightsCache } from '../weights/cache.js';

const load = () => import('./extras.js');

/** {@link WeightsCache} over Cache Storage. */
export const weightsCache: WeightsCache = {
  list: () => withLate(load(), ({ browserWeightsCache }) => browserWeightsCache.list()),
  delete: () => withLate(load(), ({ browserWeightsCache }) => browserWeightsCache.delete()),
};
