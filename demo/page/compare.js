// Two networks side by side on the shown picture, or one run in two ways: guesses, maps and times. Both stay loaded.
import { ResNet50 } from 'resnet50-wasm';
import { milliseconds, scored } from './format.js';
import { paintMap } from './heat-view.js';
import { titleOf } from './knowledge.js';
import { loadingSentence, pictureSentence } from './sentences.js';

const ROWS = 3;
const MAX_SIDE = 320;

/** What can stand beside the network in use: another one, or the same run another way. */
function choices(networks, chosen) {
  const others = networks.filter((network) => network !== chosen);
  return [
    ...others.map((network) => ({ title: titleOf(network), options: { weights: network.name } })),
    { title: 'The same on one thread', options: { weights: chosen.name, threads: 1 } },
    { title: 'The same without relaxed SIMD', options: { weights: chosen.name, flavour: 'simd', threads: 1 } },
  ];
}

function element(tag, className, text = '') {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

function createColumn(title) {
  const figure = element('figure', 'pair');
  const frame = element('div', 'photo');
  const [image, canvas] = [element('img', ''), element('canvas', '')];
  canvas.ariaHidden = 'true';
  frame.append(image, canvas);
  const [caption, list] = [element('figcaption', 'prompt', title), element('ol', 'pair-guesses')];
  figure.append(frame, list, caption);
  return {
    figure,
    async show(model, picture) {
      const begun = performance.now();
      const guesses = await model.classify(picture.file, { topK: ROWS });
      const time = performance.now() - begun;
      const map = await model.explain(picture.file, { index: guesses[0].index, maxSide: MAX_SIDE });
      const info = model.info();
      Object.assign(image, { src: picture.url, alt: picture.name });
      paintMap(map, canvas);
      list.replaceChildren(...guesses.map(({ label, score }) => element('li', '', `${label} ${scored(score, info)}`)));
      const threads = info.threads === 1 ? '1 thread' : `${info.threads} threads`;
      caption.textContent = `${title} · ${milliseconds(time)} · ${threads}`;
    },
  };
}

/**
 * @param store of state.js
 * @param network of network.js
 * @param {{ select: HTMLSelectElement, status: HTMLElement, views: HTMLElement }} elements
 * @param {object[]} networks of site.json
 */
export function createCompare(store, network, { select, status, views }, networks) {
  let [options, columns, picture] = [[], [], null];
  /** The second network: `{ abort, model }`, `model` a promise; undefined where nothing is compared. */
  let second;
  /** Runs of the two columns, one after the other: the last one shows what is chosen last. */
  let run = Promise.resolve();

  function end() {
    const old = second;
    second = undefined;
    old?.abort.abort();
    old?.model.then((model) => model.dispose()).catch(() => {});
  }

  async function show(mine, shown) {
    const isCurrent = () => mine === second && shown === picture;
    if (!isCurrent()) return;
    try {
      const models = [await network.start(), await mine.model];
      for (const [i, model] of models.entries()) {
        if (!isCurrent() || model === undefined) return;
        status.textContent = `Looking with network ${i + 1} of 2…`;
        await columns[i].show(model, shown);
      }
      views.hidden = false;
      status.textContent = '';
    } catch (error) {
      if (!isCurrent()) return;
      status.textContent = pictureSentence(error, shown.name);
    }
  }

  function look() {
    if (second === undefined) return;
    if (picture === null) {
      status.textContent = 'Choose a picture to compare with.';
      return;
    }
    const [mine, shown] = [second, picture];
    run = run.then(() => show(mine, shown));
  }

  select.addEventListener('change', () => {
    end();
    views.hidden = true;
    status.textContent = '';
    const choice = options[Number(select.value)];
    if (select.value === '' || choice === undefined) return;
    columns = [createColumn('This network'), createColumn(choice.title)];
    views.replaceChildren(...columns.map(({ figure }) => figure));
    status.textContent = 'Loading the other network…';
    const abort = new AbortController();
    second = { abort, model: ResNet50.load({ ...choice.options, signal: abort.signal }) };
    const mine = second;
    mine.model.then(
      () => mine === second && look(),
      (error) => {
        if (mine === second) status.textContent = loadingSentence(error);
      },
    );
  });

  store.subscribe((state) => {
    const settled = state.result !== null && !state.busy && state.camera === 'off' && state.picture?.drawable;
    const next = settled && state.result.madeBy === undefined ? state.picture : picture;
    if (next === picture) return;
    picture = next;
    look();
  });

  return {
    /** What can be compared with another network than before. */
    offer(chosen) {
      end();
      options = choices(networks, chosen);
      views.hidden = true;
      status.textContent = '';
      const nothing = new Option('nothing', '');
      select.replaceChildren(nothing, ...options.map(({ title }, i) => new Option(title, String(i))));
    },
  };
}
