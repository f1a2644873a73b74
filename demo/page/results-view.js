// The guesses as labelled bars, or what to do to get some. Rows are kept and filled anew, so that bars glide.
import { currentHeat } from './explainer.js';
import { milliseconds, scored } from './format.js';
import { isUnsure } from './knowledge.js';
import { MADE } from './made.js';

const ROWS = 5;

const PROMPTS = {
  empty: 'Choose a picture to see the network’s five best guesses.',
  asking: 'Your browser asks for the camera: allow it to begin.',
  watching: 'The camera is on; the network is on its way.',
  waiting: 'Your picture is next, as soon as the network is here.',
  idle: 'The network is not loaded: load it to see what is in the picture.',
};

/** Also said to screen readers. */
export const STRANGER = 'Unlike everything you showed it: probably none of these.';

const DOUBTS = {
  picture: 'The network is not sure: this is probably none of these.',
  camera: 'Not sure: hold something up to the camera, close and well lit.',
};

/** What is long, milliseconds. */
const LONG = 1000;

/** How long the last picture took here is told where that is long. @param {number} pace milliseconds; 0 while unknown */
export const lookingText = (pace) =>
  pace < LONG ? 'Looking…' : `Looking… about ${Math.round(pace / 1000)} s on this device.`;

function promptFor({ picture, camera, busy, network, result, pace }, unsure) {
  if (result?.isStranger) return STRANGER;
  if (result !== null) return unsure ? DOUBTS[camera === 'off' ? 'picture' : 'camera'] : '';
  if (camera === 'starting') return PROMPTS.asking;
  const nothingYet = picture === null && camera === 'off' && !busy;
  if (nothingYet) return PROMPTS.empty;
  if (network === 'ready') return lookingText(pace);
  if (network !== 'loading') return PROMPTS.idle;
  return camera === 'on' ? PROMPTS.watching : PROMPTS.waiting;
}

/**
 * @param {{ list: HTMLElement, prompt: HTMLElement, timing: HTMLElement, hint: HTMLElement }} elements
 * @param {(guess: import('resnet50-wasm').Classification) => void} onPick a label was clicked
 */
export function createResultsView({ list, prompt, timing, hint }, onPick) {
  const rows = Array.from({ length: ROWS }, () => createRow(onPick));
  list.replaceChildren(...rows.map(({ item }) => item));
  return (state) => {
    const { result, busy, info, camera, network } = state;
    list.ariaBusy = String(busy);
    // The next guesses are a blink away: the last ones stay until then (the style dims them if it takes longer).
    const filled = !list.hidden && !list.classList.contains('ghost');
    if (result === null && busy && network === 'ready' && filled) {
      if (state.pace >= LONG) prompt.textContent = lookingText(state.pace);
      return;
    }
    const guesses = result?.guesses ?? [];
    const made = result?.madeBy;
    const unsure = isUnsure(guesses, info ?? made);
    list.classList.toggle('unsure', unsure || result?.isStranger === true);
    list.hidden = result === null && !busy;
    list.classList.toggle('ghost', result === null);
    list.ariaHidden = String(result === null);
    // The camera's picture is gone before its map could be there.
    const explains = result !== null && camera === 'off' && state.picture?.drawable === true;
    const heat = currentHeat(state);
    for (const [i, row] of rows.entries())
      fillRow(row, guesses[i], { ghost: result === null, explains, heat, info: info ?? made });
    hint.hidden = !explains;
    prompt.textContent = promptFor(state, unsure);
    timing.hidden = result === null || (info === null && made === undefined);
    if (!timing.hidden) timing.textContent = made === undefined ? timingLine(result, info, camera) : MADE;
  };
}

function createRow(onPick) {
  const item = document.createElement('li');
  const [label, share, bar] = ['button', 'span', 'span'].map((tag) => document.createElement(tag));
  Object.assign(label, { className: 'label', type: 'button' });
  share.className = 'share';
  bar.className = 'bar';
  bar.ariaHidden = 'true';
  item.append(label, ' ', share, bar);
  const row = { item, label, share, bar, guess: undefined };
  label.addEventListener('click', () => row.guess !== undefined && onPick(row.guess));
  return row;
}

function fillRow(row, guess, { ghost, explains, heat, info }) {
  const { item, label, share, bar } = row;
  row.guess = guess;
  label.disabled = !explains;
  label.ariaPressed = explains ? String(heat?.index === guess?.index) : null;
  item.hidden = guess === undefined && !ghost; // networks with fewer classes than rows
  label.textContent = guess?.label ?? '';
  share.textContent = guess === undefined ? '' : scored(guess.score, info);
  // Logits have no whole that a bar could be a share of.
  bar.style.setProperty('--share', String(info?.activation === 'none' ? 0 : (guess?.score ?? 0)));
}

/** What a visitor should know of the shares, which add up to one otherwise. */
const SCORES = {
  softmax: '',
  sigmoid: ' · each label by itself: several may apply, or none',
  none: ' · logits, not shares',
};

function timingLine({ milliseconds: ms, framesPerSecond }, { threads, flavour, activation }, camera) {
  return [
    camera === 'on' ? `${milliseconds(ms)} per frame` : milliseconds(ms),
    ...(framesPerSecond === undefined
      ? []
      : [`${framesPerSecond.toFixed(framesPerSecond < 10 ? 1 : 0)} frames per second`]),
    threads === 1 ? '1 thread' : `${threads} threads`,
    `${flavour.startsWith('relaxed') ? 'relaxed SIMD' : 'plain SIMD'}${SCORES[activation]}`,
  ].join(' · ');
}
