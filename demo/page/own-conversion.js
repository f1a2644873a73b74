// The conversion: begun, shown, stopped, and what came of it. With network.js and similar.js the only file that imports the package.
import { convert } from 'resnet50-wasm/convert';
import { conversionSentence, NO_CHECKPOINT, phaseSentence, STOPPED } from './own-sentences.js';

/** By the choice of care: what is spared. */
const CARE = {
  thorough: {},
  quick: { calibrationImages: 8, compensation: false },
};

/** By the choice of what photos are for. */
const USES = {
  compare: (photos) => ({ evaluate: photos }),
  calibrate: (photos) => ({ calibrate: photos }),
  both: (photos) => ({
    calibrate: photos.filter((_, i) => i % 2 === 0),
    evaluate: photos.filter((_, i) => i % 2 === 1),
  }),
};

/** What is asked of the package. @returns {import('resnet50-wasm/convert').ConvertOptions} */
function optionsFor({ labels, photos }, { transforms, care, use }) {
  const used = photos.length === 0 ? {} : USES[photos.length === 1 && use === 'both' ? 'compare' : use](photos);
  return { ...CARE[care], ...used, transforms, ...(labels && { labels }) };
}

/**
 * @param elements button, box (with a progress), text, stop, result, notice
 * @param {{ files: object, choices: () => object, onBegin: () => void, onMade: (made: object) => Promise<void> }} parts
 */
export function createConversion({ button, box, text, stop, result, notice }, { files, choices, onBegin, onMade }) {
  const bar = box.querySelector('progress');
  let abort;

  function say(where, words) {
    where.textContent = words;
    if (where === notice) notice.hidden = words === '';
  }

  async function work(all, signal) {
    const options = optionsFor(all, choices());
    const warned = [];
    const begun = performance.now();
    const made = await convert(all.checkpoint, {
      ...options,
      signal,
      onWarning: (sentence) => warned.push(sentence),
      onProgress(progress) {
        if (progress.fraction > 0) bar.value = progress.fraction;
        say(text, phaseSentence(progress));
      },
    });
    const seconds = (performance.now() - begun) / 1000;
    say(text, 'Starting the network');
    bar.value = 1;
    await onMade({ made, seconds, warned, size: all.checkpoint.size, photos: options.evaluate ?? [] });
  }

  button.addEventListener('click', async () => {
    say(notice, '');
    const all = files.all;
    if (all.checkpoint === undefined) return say(notice, NO_CHECKPOINT);
    abort = new AbortController();
    say(result, '');
    say(text, 'Reading the checkpoint');
    bar.value = 0;
    box.hidden = false;
    button.disabled = true;
    onBegin();
    try {
      await work(all, abort.signal);
      say(result, 'Done: your network runs in this page.');
    } catch (error) {
      if (abort.signal.aborted) say(result, STOPPED);
      else say(notice, conversionSentence(error));
    } finally {
      const hadFocus = document.activeElement === stop;
      box.hidden = true;
      button.disabled = false;
      abort = undefined;
      if (hadFocus) button.focus();
    }
  });
  stop.addEventListener('click', () => abort?.abort());

  return {
    get busy() {
      return abort !== undefined;
    },
  };
}
