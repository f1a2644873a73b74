// The network's life: loaded once, stopped on demand, tried again, replaced by another variant. With similar.js and own-conversion.js the only file
// that imports the package.
import { ResNet50 } from 'resnet50-wasm';
import { loadingSentence } from './sentences.js';
import { loadWithLess } from './small-device.js';
import { createTimeLeft } from './time-left.js';

/**
 * Starts the network as a page begins, unless there is a reason to wait until the visitor asks. Visitors who ask browsers to
 * save data get the weights with their first picture.
 * @param store of state.js
 * @param {{ reason: string, watch(store: object): void }} device of small-device.js
 */
export function startUnasked(store, network, device) {
  if (device.reason !== '') store.update({ failure: device.reason });
  else if (!navigator.connection?.saveData) network.start();
  device.watch(store);
}

/**
 * @param store of state.js
 * @param {string} variant name of the weights to begin with, published beside the page
 * @param {object} [own] more options of `load`
 */
export function createNetwork(store, variant, own = {}) {
  let weights = variant;
  /** The network that is loading or loaded: `{ abort, model }`, `model` a promise. */
  let current;

  function begin() {
    const mine = { abort: new AbortController() };
    const tell = (changes) => mine === current && store.update(changes);
    current = mine;
    tell({ network: 'loading', progress: { loaded: 0, total: 0 }, failure: '' });
    mine.model = load(mine, tell);
  }

  async function load(mine, tell) {
    const { signal } = mine.abort;
    const timeLeft = createTimeLeft();
    try {
      const onProgress = ({ loaded, total }) =>
        tell({ progress: { loaded, total, secondsLeft: timeLeft(loaded, total, performance.now()) } });
      const model = await loadWithLess((options) => ResNet50.load(options), { weights, signal, onProgress, ...own });
      tell({ network: 'ready', info: model.info() });
      return model;
    } catch (error) {
      tell(signal.aborted ? { network: 'stopped' } : { network: 'failed', failure: loadingSentence(error) });
      if (mine === current) current = undefined;
      return undefined;
    }
  }

  /** Ends one that another has taken the place of. */
  async function end(old) {
    old?.abort.abort();
    (await old?.model)?.dispose();
  }

  return {
    /** Begins to load unless it is loading or loaded; resolves to the model, or to undefined if that was stopped or failed. */
    start() {
      if (current === undefined) begin();
      return current.model;
    },
    /** Takes another variant's weights from now on, and begins to load them. */
    choose(name) {
      const old = current;
      weights = name;
      begin();
      end(old);
    },
    /**
     * Loads the same weights with more options and ends the old network, which stays where that fails.
     * @throws what `ResNet50.load` does
     */
    async replace(options) {
      const model = await ResNet50.load({ weights, ...own, ...options });
      const old = current;
      current = { abort: new AbortController(), model: Promise.resolve(model) };
      store.update({ network: 'ready', info: model.info() });
      await end(old);
      return model;
    },
    /** Stops loading. */
    stop() {
      current?.abort.abort();
    },
  };
}
