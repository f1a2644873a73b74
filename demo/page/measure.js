// How fast it is on the visitor's own machine: the shown picture again and again, in several ways, each with a network of its own.
import { ResNet50 } from 'resnet50-wasm';
import { milliseconds } from './format.js';
import { PEERS } from './peers.js';
import { loadingSentence } from './sentences.js';

const RUNS = 20;
/** Calls that are not counted: engines make fast code of a function after it has run for a while. */
const WARM_UP = 3;

const WAYS = [
  { title: 'As it runs here', options: {} },
  { title: 'One thread', options: { threads: 1 } },
  { title: 'One thread', options: { threads: 1, flavour: 'simd' } },
];

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

async function medianOf(act, signal) {
  const times = [];
  for (let i = -WARM_UP; i < RUNS; i++) {
    signal.throwIfAborted();
    const begun = performance.now();
    await act();
    if (i >= 0) times.push(performance.now() - begun);
  }
  return median(times);
}

/** The first digits of the logits' SHA-256, the same on every machine; none where pages have no such function (plain http). */
async function fingerprint(logits) {
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', logits);
  if (digest === undefined) return '';
  return [...new Uint8Array(digest, 0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @returns {Promise<{ decode: number, network: number, threads: number, flavour: string, print: string }>} in milliseconds */
async function measure(weights, options, file, signal) {
  const model = await ResNet50.load({ weights, signal, ...options });
  try {
    const tensor = await model.preprocess(file);
    const decode = await medianOf(() => model.preprocess(file), signal);
    const network = await medianOf(() => model.logits(tensor), signal);
    const { threads, flavour } = model.info();
    return { decode, network, threads, flavour, print: await fingerprint(await model.logits(tensor)) };
  } finally {
    await model.dispose();
  }
}

function row(cells, name = 'td') {
  const made = document.createElement('tr');
  for (const [i, text] of cells.entries()) {
    const cell = document.createElement(text === '' ? 'td' : i === 0 ? 'th' : name);
    if (cell.nodeName === 'TH') cell.scope = i === 0 ? 'row' : 'col';
    cell.textContent = text;
    made.append(cell);
  }
  return made;
}

const HEAD = ['', 'threads', 'decode and resize', 'network', 'logits'];
const shownRow = (title, { threads, flavour, decode, network, print }) => [
  `${title} (${flavour.startsWith('relaxed') ? 'relaxed' : 'plain'} SIMD)`,
  String(threads),
  milliseconds(decode),
  milliseconds(network),
  print,
];

/** Fills the table of other runtimes. @param {HTMLTableElement} table */
export function showPeers(table) {
  table.createCaption().textContent = `The same network elsewhere: ${PEERS.where}, ${PEERS.date}, milliseconds`;
  table.createTHead().append(row(['', ...PEERS.runtimes], 'th'));
  table.createTBody().append(...PEERS.rows.map((cells) => row(cells.map(String))));
}

/**
 * @param {{ button: HTMLButtonElement, status: HTMLElement, table: HTMLTableElement }} elements
 * @param {{ weights: () => string, file: () => Promise<Blob | undefined> }} parts what is chosen, and the picture to measure with
 */
export function createMeasure({ button, status, table }, { weights, file }) {
  let abort;
  async function run(signal) {
    const picture = await file();
    if (picture === undefined) {
      status.textContent = 'Choose a picture to measure with.';
      return;
    }
    table.replaceChildren();
    table.createTHead().append(row(HEAD, 'th'));
    const body = table.createTBody();
    for (const [i, { title, options }] of WAYS.entries()) {
      status.textContent = `Measuring ${i + 1} of ${WAYS.length}: ${title.toLowerCase()}…`;
      const result = await measure(weights(), options, picture, signal);
      table.hidden = false;
      body.append(row(shownRow(title, result)));
    }
    const prints = new Set([...body.rows].map(({ cells }) => cells[4].textContent));
    const same = prints.size === 1 ? ' The logits are the same to the bit.' : '';
    status.textContent = `Medians of ${RUNS} runs with the picture above.${same}`;
  }

  button.addEventListener('click', async () => {
    if (abort !== undefined) return abort.abort();
    abort = new AbortController();
    button.textContent = 'Stop';
    try {
      await run(abort.signal);
    } catch (error) {
      status.textContent = abort.signal.aborted ? 'Measuring was stopped.' : loadingSentence(error);
    } finally {
      abort = undefined;
      button.textContent = 'Measure here';
    }
  });
}
