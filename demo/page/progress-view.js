// How far the network is: a bar with exact totals while it loads, and the button that stops or starts it.
import { megabytes } from './format.js';

/** By state of the network: what is said and what the button does. The box stays when all is done: nothing below it moves. */
const FACES = {
  waiting: { text: ({ failure }) => failure || 'The network is not loaded yet.', action: 'Load the network' },
  loading: { text: ({ progress }, passed) => loadingText(progress, passed), action: 'Stop' },
  stopped: { text: () => 'Loading was stopped.', action: 'Load the network' },
  ready: { text: () => 'The network is ready.', action: '' },
  failed: { text: ({ failure }) => failure, action: 'Try again' },
};

/** How long it takes is not told before it is known, seconds. */
const KNOWN_AFTER = 2;

/** @param {number} passed seconds since it began */
export function loadingText({ loaded, total }, passed) {
  if (total === 0) return 'Loading the network…';
  if (loaded === total) return 'Unpacking the network…';
  const left = Math.ceil((passed * (total - loaded)) / loaded);
  const known = passed >= KNOWN_AFTER && Number.isFinite(left);
  const rest = known ? `, about\u00a0${left}\u00a0s\u00a0left` : '';
  return `Loading the network: ${megabytes(loaded)}\u00a0of\u00a0${megabytes(total)}\u00a0MB${rest}`;
}

/**
 * @param {{ box: HTMLElement, text: HTMLElement, button: HTMLElement, rest: HTMLElement }} elements `rest` gets the focus
 *   where the button vanishes with it
 * @param {{ onStop: () => void, onStart: () => void }} actions
 */
export function createProgressView({ box, text, button, rest }, { onStop, onStart }) {
  const bar = box.querySelector('progress');
  let loading = false;
  let begun = 0;
  button.addEventListener('click', () => (loading ? onStop() : onStart()));
  return (state) => {
    const face = FACES[state.network];
    if (state.network === 'loading' && !loading) begun = performance.now();
    loading = state.network === 'loading';
    if (face.action === '' && document.activeElement === button) rest.focus();
    box.hidden = false;
    box.dataset.state = state.network;
    text.textContent = face.text(state, (performance.now() - begun) / 1000);
    button.textContent = face.action || 'Stop';
    button.style.visibility = face.action === '' ? 'hidden' : '';
    const { loaded, total } = state.network === 'ready' ? { loaded: 1, total: 1 } : state.progress;
    bar.style.visibility = loading || state.network === 'ready' ? '' : 'hidden';
    if (total === 0) bar.removeAttribute('value');
    else Object.assign(bar, { max: total, value: loaded });
  };
}
