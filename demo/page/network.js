// The network's life: loaded once, stopped on demand, tried again. The only file that imports the package.
import { ResNet50 } from 'resnet50-wasm';
import { loadingSentence } from './sentences.js';

/**
 * @param store of state.js
 * @param {string} weights name of the variant that is published beside the page
 */
export function createNetwork(store, weights) {
  let loading;
  let abort;

  async function load() {
    abort = new AbortController();
    store.update({ network: 'loading', progress: { loaded: 0, total: 0 }, failure: '' });
    try {
      const model = await ResNet50.load({
        weights,
        signal: abort.signal,
        onProgress: ({ loaded, total }) => store.update({ progress: { loaded, total } }),
      });
      store.update({ network: 'ready', info: model.info() });
      return model;
    } catch (error) {
      loading = undefined;
      const stopped = abort.signal.aborted;
      store.update(stopped ? { network: 'stopped' } : { network: 'failed', failure: loadingSentence(error) });
      return undefined;
    }
  }

  return {
    /** Begins to load unless it is loading or loaded; resolves to the model, or to undefined if that was stopped or failed. */
    start() {
      loading ??= load();
      return loading;
    },
    /**
     * Loads another one with more options and ends the old one, which stays where that fails.
     * @throws what `ResNet50.load` does
     */
    async replace(options) {
      const model = await ResNet50.load({ weights, ...options });
      const old = loading;
      loading = Promise.resolve(model);
      store.update({ network: 'ready', info: model.info() });
      (await old)?.dispose();
      return model;
    },
    /** Stops loading. */
    stop() {
      abort?.abort();
    },
  };
}
