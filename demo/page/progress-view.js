// How far the network is: a bar with exact totals while it loads, and the button that stops or starts it.
import { megabytes } from './format.js';

/** By state of the network: what is said and what the button does; nothing is shown for those that are missing. */
const FACES = {
  loading: { text: ({ progress }) => loadingText(progress), action: 'Stop' },
  stopped: { text: () => 'Loading was stopped.', action: 'Load the network' },
  failed: { text: ({ failure }) => failure, action: 'Try again' },
};

function loadingText({ loaded, total }) {
  if (total === 0) return 'Loading the network…';
  if (loaded === total) return 'Unpacking the network…';
  return `Loading the network: ${megabytes(loaded)}\u00a0of\u00a0${megabytes(total)}\u00a0MB`;
}

/**
 * @param {{ box: HTMLElement, text: HTMLElement, button: HTMLElement, rest: HTMLElement }} elements `rest` gets the focus
 *   where the button vanishes with it
 * @param {{ onStop: () => void, onStart: () => void }} actions
 */
export function createProgressView({ box, text, button, rest }, { onStop, onStart }) {
  const bar = box.querySelector('progress');
  let loading = false;
  button.addEventListener('click', () => (loading ? onStop() : onStart()));
  return (state) => {
    const face = FACES[state.network];
    loading = state.network === 'loading';
    if (face === undefined && document.activeElement === button) rest.focus();
    box.hidden = face === undefined;
    box.dataset.state = state.network;
    if (face === undefined) return;
    text.textContent = face.text(state);
    button.textContent = face.action;
    bar.hidden = !loading;
    const { loaded, total } = state.progress;
    if (total === 0) bar.removeAttribute('value');
    else Object.assign(bar, { max: total, value: loaded });
  };
}
