// Several pictures, and which of them are alike: each is embedded once; a click orders all by their likeness to one.
import { rankBySimilarity } from 'resnet50-wasm';
import { likeness } from './format.js';
import { pictureSentence } from './sentences.js';

/** Pictures at a time: what a page can show and a visitor can look over. */
const MOST = 60;

/**
 * @param {object} elements
 * @param {HTMLInputElement} elements.input
 * @param {HTMLElement} elements.list
 * @param {HTMLElement} elements.status a live region
 * @param {HTMLElement} elements.notice
 * @param network of network.js
 */
export function createSimilar({ input, list, status, notice }, network) {
  /** @type {{ name: string, url: string, vector: Float32Array, item: HTMLElement, button: HTMLElement, score: HTMLElement }[]} */
  let pictures = [];
  let newest = 0;

  function clear() {
    for (const { url } of pictures) URL.revokeObjectURL(url);
    pictures = [];
    list.replaceChildren();
    say(notice, '');
  }

  function say(element, text) {
    element.textContent = text;
    element.hidden = text === '';
  }

  function order(chosen) {
    const ranked = rankBySimilarity(
      chosen.vector,
      pictures.map(({ vector }) => vector),
    );
    // The chosen one first, even beside a copy of it.
    ranked.sort((a, b) => Number(pictures[b.index] === chosen) - Number(pictures[a.index] === chosen));
    const inOrder = ranked.map(({ index, score }) => {
      pictures[index].score.textContent = likeness(score);
      return pictures[index];
    });
    for (const { button } of pictures) button.ariaPressed = String(button === chosen.button);
    const hadFocus = list.contains(document.activeElement);
    list.replaceChildren(...inOrder.map(({ item }) => item));
    if (hadFocus) chosen.button.focus();
    const next = inOrder[1];
    say(
      status,
      next === undefined
        ? 'It is the only picture.'
        : `Most like ${chosen.name}: ${next.name}, ${next.score.textContent}.`,
    );
  }

  function add(name, file, vector) {
    const url = URL.createObjectURL(file);
    const [item, button, image, score] = ['li', 'button', 'img', 'span'].map((tag) => document.createElement(tag));
    Object.assign(button, { type: 'button', className: 'sample', ariaPressed: 'false' });
    Object.assign(image, { src: url, alt: name, draggable: false, decoding: 'async' });
    score.className = 'likeness';
    button.append(image);
    item.append(button, score);
    list.append(item);
    const picture = { name, url, vector, item, button, score };
    button.addEventListener('click', () => order(picture));
    pictures.push(picture);
  }

  async function take(files) {
    const mine = ++newest;
    clear();
    const model = await network.start();
    if (mine !== newest || model === undefined) return;
    const failures = [];
    for (const [i, file] of files.slice(0, MOST).entries()) {
      say(status, `Looking at picture ${i + 1} of ${Math.min(files.length, MOST)}.`);
      try {
        const vector = await model.embed(file);
        if (mine !== newest) return;
        add(file.name, file, vector);
      } catch (error) {
        if (mine !== newest) return;
        failures.push(pictureSentence(error, file.name));
      }
    }
    if (files.length > MOST) failures.push(`Only the first ${MOST} pictures were taken.`);
    say(notice, failures.join(' '));
    const many = pictures.length > 1;
    say(status, many ? 'Choose one: the others line up by how alike they are.' : 'Choose at least two pictures.');
  }

  input.addEventListener('change', () => {
    const files = [...input.files];
    input.value = ''; // so that the same files can be chosen again
    if (files.length > 0) take(files);
  });
}
