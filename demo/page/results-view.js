// The guesses as labelled bars, or what to do to get some. Rows are kept and filled anew, so that bars glide.
import { milliseconds, percent } from './format.js';

const ROWS = 5;

const PROMPTS = {
  empty: 'Choose a picture to see the network’s five best guesses.',
  waiting: 'Your picture is next, as soon as the network is here.',
  looking: 'Looking…',
  idle: 'The network is not loaded: load it to see what is in the picture.',
};

function promptFor({ picture, camera, busy, network, result }) {
  if (result !== null) return '';
  const nothingYet = picture === null && camera === 'off' && !busy;
  if (nothingYet) return PROMPTS.empty;
  if (network === 'ready') return PROMPTS.looking;
  return network === 'loading' ? PROMPTS.waiting : PROMPTS.idle;
}

/** @param {{ list: HTMLElement, prompt: HTMLElement, timing: HTMLElement }} elements */
export function createResultsView({ list, prompt, timing }) {
  const rows = Array.from({ length: ROWS }, createRow);
  list.replaceChildren(...rows.map(({ item }) => item));
  return (state) => {
    const { result, busy, info, camera, network } = state;
    list.ariaBusy = String(busy);
    // The next guesses are a blink away: the last ones stay until then (the style dims them if it takes longer).
    const filled = !list.hidden && !list.classList.contains('ghost');
    if (result === null && busy && network === 'ready' && filled) return;
    const guesses = result?.guesses ?? [];
    list.hidden = result === null && !busy;
    list.classList.toggle('ghost', result === null);
    list.ariaHidden = String(result === null);
    for (const [i, row] of rows.entries()) fillRow(row, guesses[i], result === null);
    prompt.textContent = promptFor(state);
    timing.hidden = result === null || info === null;
    if (!timing.hidden) timing.textContent = timingLine(result, info, camera);
  };
}

function createRow() {
  const item = document.createElement('li');
  const [label, share, bar] = ['label', 'share', 'bar'].map((name) => {
    const part = document.createElement('span');
    part.className = name;
    return part;
  });
  bar.ariaHidden = 'true';
  item.append(label, ' ', share, bar);
  return { item, label, share, bar };
}

function fillRow({ item, label, share, bar }, guess, ghost) {
  item.hidden = guess === undefined && !ghost; // networks with fewer classes than rows
  label.textContent = guess?.label ?? '';
  share.textContent = guess === undefined ? '' : percent(guess.score);
  bar.style.setProperty('--share', String(guess?.score ?? 0));
}

function timingLine({ milliseconds: ms }, { threads, flavour }, camera) {
  const simd = flavour.startsWith('relaxed') ? 'relaxed SIMD' : 'plain SIMD';
  return `${milliseconds(ms)} ${camera === 'on' ? 'a frame' : ''} · ${threads} ${threads === 1 ? 'thread' : 'threads'} · ${simd}`.replace(
    '  ',
    ' ',
  );
}
