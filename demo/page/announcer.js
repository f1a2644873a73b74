// What a screen reader is told: the end of loading, the best guesses of a picture, and of the camera only what lasts.
import { currentHeat } from './explainer.js';
import { scored } from './format.js';
import { createLasting } from './lasting.js';
import { STRANGER } from './results-view.js';

/** @param {HTMLElement} region a live region */
export function createAnnouncer(region) {
  let [network, result, seen] = ['', null, null];
  const lasting = createLasting();
  const say = (text) => {
    region.textContent = text;
  };
  return (state) => {
    if (state.network !== network) {
      network = state.network;
      if (network === 'ready' && state.result === null) say('The network is ready.');
      if (network === 'loading') say('The network is loading.');
      if (network === 'stopped') say('Loading was stopped.');
      if (network === 'failed') say(state.failure);
    }
    const heat = currentHeat(state);
    if (heat?.map && heat.map !== seen) say(`The picture shows where ${heat.label} was seen.`);
    if (seen !== null && heat === null && state.result === result) say('The map is hidden.');
    seen = heat?.map ?? null;
    if (state.result === result) return;
    result = state.result;
    const [first, second] = result?.guesses ?? [];
    if (first === undefined) return;
    if (state.camera === 'off') {
      lasting.forget();
      const next = second === undefined ? '' : `, then ${second.label}, ${scored(second.score, state.info)}`;
      const doubt = result.isStranger ? `${STRANGER} ` : '';
      say(`${doubt}Best guess: ${first.label}, ${scored(first.score, state.info)}${next}.`);
    } else if (lasting.isNew(first.label)) {
      say(`Best guess: ${first.label}.`);
    }
  };
}
