// What a visitor can take along from a result: words, a link, a picture. Knows the state and the elements of the picture.
import { drawCard } from './card.js';
import { scored } from './format.js';

function wordsOf({ result, info }) {
  const guesses = result.guesses.slice(0, 5).map(({ label, score }) => `${label} ${scored(score, info)}`);
  return `${guesses.join(', ')} (ResNet-50 in my browser)`;
}

/** Hands a file to the browser. */
export function download(blob, name) {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser may ask first where to put it
}

/**
 * @param store of state.js
 * @param elements box, copy, save, send (buttons), status (a live region), image, map
 */
export function createShare(store, { box, copy, save, send, status, image, map }) {
  const say = (text) => {
    status.textContent = text;
  };
  send.hidden = typeof navigator.share !== 'function';
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(`${wordsOf(store.state)} ${location.href}`);
      say('Copied.');
    } catch {
      say('This browser does not let the page copy: select the guesses and copy them.');
    }
  });
  send.addEventListener('click', async () => {
    const data = { title: document.title, text: wordsOf(store.state), url: location.href };
    await navigator.share(data).catch(() => say('Nothing was shared.')); // mostly because the visitor thought better of it
  });
  save.addEventListener('click', async () => {
    const opacity = Number(getComputedStyle(map).opacity);
    download(await drawCard(store.state, image, map.hidden ? null : map, opacity), 'what-is-in-the-picture.png');
    say('Saved as a picture.');
  });
  let shown;
  store.subscribe(({ result, picture, camera, info, busy }) => {
    const isFirst = picture?.isFirst === true; // it keeps its room until there is something to share
    const there = result !== null && info !== null && picture?.drawable === true && camera === 'off' && !busy;
    box.hidden = !there && !isFirst;
    box.classList.toggle('later', !there);
    if (result !== shown) say('');
    shown = result;
  });
}

/** The button that copies a snippet. */
export function connectSnippet({ button, code, status }) {
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      status.textContent = 'Copied.';
    } catch {
      status.textContent = 'This browser does not let the page copy: select the text and copy it.';
    }
  });
}
