// How far the network is: a bar with exact totals while it loads, and the button that stops or starts it.
import { megabytes } from './format.js';

/** By state of the network: what is said and what the button does. The box stays when all is done: nothing below it moves. */
const FACES = {
  waiting: { text: ({ failure }) => failure || 'The network is not loaded yet.', action: 'Load the network' },
  loading: { text: ({ progress }) => loadingText(progress), action: 'Stop' },
  stopped: { text: () => 'Loading was stopped.', action: 'Load the network' },
  ready: { text: () => 'The network is ready.', action: '' },
  failed: { text: ({ failure }) => failure, action: 'Try again' },
};

/** Less is not worth a word. */
const LEAST_SECONDS = 3;

export function loadingText({ loaded, total, secondsLeft = 0 }) {
  if (total === 0) return 'Loading the network…';
  if (loaded === total) return 'Unpacking the network…';
  const left = secondsLeft < LEAST_SECONDS ? '' : `, about\u00a0${Math.ceil(secondsLeft)}\u00a0s\u00a0left`;
  return `Loading the network: ${megabytes(loaded)}\u00a0of\u00a0${megabytes(total)}\u00a0MB${left}`;
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
    if (face.action === '' && document.activeElement === button) rest.focus();
    box.hidden = false;
    box.dataset.state = state.network;
    text.textContent = face.text(state);
    button.textContent = face.action || 'Stop';
    button.style.visibility = face.action === '' ? 'hidden' : '';
    const { loaded, total } = state.network === 'ready' ? { loaded: 1, total: 1 } : state.progress;
    bar.style.visibility = loading || state.network === 'ready' ? '' : 'hidden';
    if (total === 0) bar.removeAttribute('value');
    else Object.assign(bar, { max: total, value: loaded });
  };
}
