// Two networks side by side on the shown picture, or one run in two ways: guesses, maps and times. On the camera, both look at the same
// frames, one after the other, so that neither takes time from the other. Both stay loaded.
import { ResNet50 } from 'resnet50-wasm';
import { milliseconds, scored } from './format.js';
import { paintMap } from './heat-view.js';
import { titleOf } from './knowledge.js';
import { loadingSentence, pictureSentence } from './sentences.js';
import { CANDIDATES, createSmoothing } from './smoothing.js';

const ROWS = 3;
const MAX_SIDE = 320;
/** Share of the newest frame in the time that is shown. */
const NEWEST = 0.2;
const NO_PICTURE = 'Choose a picture to compare with, or use the camera.';

/** What can stand beside the network in use: another one, or the same run another way. */
function choices(networks, chosen) {
  const others = networks.filter((network) => network !== chosen);
  const weights = chosen.name;
  const float32 = { title: 'The same in float32', options: { weights, precision: 'f32' }, bytes: chosen.f32Bytes };
  return [
    ...others.map((network) => ({ title: titleOf(network), options: { weights: network.name } })),
    { title: 'The same on one thread', options: { weights, threads: 1 } },
    { title: 'The same without relaxed SIMD', options: { weights, flavour: 'simd', threads: 1 } },
    ...(chosen.f32Bytes === undefined ? [] : [float32]),
  ];
}

const optionOf = ({ title, bytes }, i) =>
  new Option(bytes === undefined ? title : `${title}: ${Math.round(bytes / 1e6)} MB more`, String(i));

/** Puts what a camera shows into a canvas. */
function drawFrame(bitmap, canvas) {
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
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
  const [smooth, live] = [createSmoothing(), {}];

  function tell(guesses, time, info) {
    list.replaceChildren(...guesses.map(({ label, score }) => element('li', '', `${label} ${scored(score, info)}`)));
    const threads = info.threads === 1 ? '1 thread' : `${info.threads} threads`;
    caption.textContent = `${title} · ${milliseconds(time)} · ${threads}`;
  }

  return {
    figure,
    /** Looks at a frame of the camera. */
    async watch(model, bitmap, isMirrored, signal) {
      const begun = performance.now();
      const guesses = await model.classify(bitmap, { topK: CANDIDATES, signal });
      const now = performance.now();
      live.time = (live.time ?? now - begun) * (1 - NEWEST) + (now - begun) * NEWEST;
      image.hidden = true;
      frame.dataset.state = 'camera';
      frame.classList.toggle('mirrored', isMirrored);
      drawFrame(bitmap, canvas);
      tell(smooth(guesses, now).slice(0, ROWS), live.time, model.info());
    },
    async show(model, picture) {
      const begun = performance.now();
      const guesses = await model.classify(picture.file, { topK: ROWS });
      const time = performance.now() - begun;
      const map = await model.explain(picture.file, { index: guesses[0].index, maxSide: MAX_SIDE });
      const info = model.info();
      Object.assign(image, { src: picture.url, alt: picture.name, hidden: false });
      delete frame.dataset.state;
      paintMap(map, canvas);
      tell(guesses, time, info);
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
  let [options, columns, picture, isLive] = [[], [], null, false];
  /** The second network: `{ abort, model, ready }`, `model` a promise; undefined where nothing is compared. */
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
    if (second?.ready === undefined) return;
    if (isLive || picture === null) {
      status.textContent = isLive ? 'Looking with both networks…' : NO_PICTURE;
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
      (model) => {
        mine.ready = model;
        look();
      },
      (error) => {
        if (mine === second) status.textContent = loadingSentence(error);
      },
    );
  });

  /** As the camera is turned on and off, what was compared is no longer what is shown. */
  function turn(isOn) {
    [isLive, picture] = [isOn, null];
    views.hidden = true;
    look();
  }

  store.subscribe((state) => {
    if ((state.camera === 'on') !== isLive) turn(!isLive);
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
      select.replaceChildren(new Option('nothing', ''), ...options.map(optionOf));
    },
    /** Looks at the camera's present frame with both networks; at once done where nothing is compared. */
    async watch(video, signal) {
      const mine = second;
      if (mine?.ready === undefined) return;
      const isMirrored = video.parentElement.classList.contains('mirrored');
      const bitmap = await createImageBitmap(video);
      try {
        for (const [i, model] of [await network.start(), mine.ready].entries()) {
          if (mine !== second || signal.aborted) return;
          await columns[i].watch(model, bitmap, isMirrored, signal);
        }
        views.hidden = mine !== second || signal.aborted;
        status.textContent = '';
      } catch (error) {
        if (mine === second && !signal.aborted) status.textContent = pictureSentence(error, '');
      } finally {
        bitmap.close();
      }
    },
  };
}
