/** What most pages never call, as a module of its own. */
export { drawFile, explanationOf, readInput, readParameter, watchVideo } from '../client/extras.js';
export { browserWeightsCache } from '../weights/cache-storage.js';
