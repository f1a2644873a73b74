// What is shown as part of the page's address, so that a link shows it to others: the network, a sample or the address of a
// picture, and the class whose map is shown. Pictures from the visitor's device have no address.
import { currentHeat } from './explainer.js';

/** @typedef {{ network?: string, sample?: string, picture?: string, class?: string }} Shown */

/** @returns {Shown} what the address asks for */
export const askedFor = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

/** The address for a state; the first network needs no mention. */
function hashOf(state, network, first) {
  const { picture } = state;
  if (picture?.isFirst) return ''; // the page begins with it
  const parts = {
    network: network === first ? '' : network,
    sample: picture?.sample ?? '',
    picture: picture?.address ?? '',
    class: currentHeat(state)?.label ?? '',
  };
  const shown = Object.entries(parts).filter(([, value]) => value !== '');
  return shown.length === 0 ? '' : `#${new URLSearchParams(shown)}`;
}

/**
 * Keeps the address true to what is shown.
 * @param store of state.js
 * @param {() => string} chosen name of the network in use
 * @param {string} first name of the network that the page begins with
 */
export function keepAddress(store, chosen, first) {
  let begun = false; // what the address asks for is perhaps on its way
  store.subscribe((state) => {
    begun ||= state.picture !== null || state.camera !== 'off';
    const hash = hashOf(state, chosen(), first);
    if (begun && !state.busy && hash !== location.hash)
      history.replaceState(null, '', `${location.pathname}${location.search}${hash}`);
  });
}
