// What the page begins with: a sample's guesses and map that were computed when the site was made, in the form of the state.
import { sampleAddress } from './gallery.js';

/**
 * @param {object} first as demo/first-look.mjs made it
 * @returns {Pick<import('./state.js').State, 'picture' | 'result' | 'heat'>}
 */
export function firstLook({ file, what, guesses, info, map }) {
  const url = sampleAddress({ file });
  const picture = { name: what, file: url, url, drawable: true, sample: file, address: '', isFirst: true };
  const { shares, ...shape } = map;
  const data = Float32Array.from(atob(shares), (character) => character.charCodeAt(0) / 255);
  const [{ index, label }] = guesses;
  return { picture, result: { guesses, madeBy: info }, heat: { picture, index, label, map: { ...shape, data } } };
}

/** Does once more, in this browser, what the page began with, as soon as the network is there. */
export function repeatOnceReady(store, first, { pictures, explainer }) {
  let isDone = false;
  store.subscribe(({ network, picture }) => {
    if (isDone || network !== 'ready' || picture !== first) return;
    isDone = true;
    queueMicrotask(() => pictures.repeat().then(explainer.refresh));
  });
}
