// The maps of all guesses beside each other, small: one click for all of them, another on one of them shows it large.
import { currentHeat } from './explainer.js';
import { paintMap } from './heat-view.js';

/** Longest side of a small map, in numbers. */
const MAX_SIDE = 160;

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

/** A small picture with the map of a guess on it, as a button. */
function createMultiple(picture, { index, label }, onPick) {
  const item = document.createElement('li');
  const button = element('button', { type: 'button', className: 'sample' });
  const frame = element('span', { className: 'photo' });
  const canvas = document.createElement('canvas');
  frame.append(element('img', { src: picture.url, alt: '', draggable: false }), canvas);
  button.append(frame);
  button.addEventListener('click', onPick);
  item.append(button, element('span', { className: 'likeness', textContent: label }));
  button.ariaLabel = `Where ${label} was seen`;
  return { item, button, index, paint: (map) => paintMap(map, canvas) };
}

/**
 * @param store of state.js
 * @param network of network.js
 * @param {{ toggle: (guess: object) => void }} explainer
 * @param {{ button: HTMLButtonElement, list: HTMLElement }} elements
 */
export function createMultiples(store, network, explainer, { button, list }) {
  let [shown, multiples] = [null, []];

  function clear() {
    [shown, multiples] = [null, []];
    list.replaceChildren();
    list.hidden = true;
  }

  async function show() {
    const { picture, result } = store.state;
    shown = picture;
    multiples = result.guesses.map((guess) => {
      const pick = () => currentHeat(store.state)?.index !== guess.index && explainer.toggle(guess);
      return createMultiple(picture, guess, pick);
    });
    list.replaceChildren(...multiples.map(({ item }) => item));
    list.hidden = false;
    mark(store.state);
    for (const { index, paint } of multiples) {
      const model = await network.start();
      if (shown !== picture || model === undefined) return;
      const map = await model.explain(picture.file, { index, maxSide: MAX_SIDE });
      if (shown !== picture) return;
      paint(map);
    }
  }

  function mark(state) {
    const index = currentHeat(state)?.index;
    for (const multiple of multiples) multiple.button.ariaPressed = String(multiple.index === index);
  }

  button.addEventListener('click', async () => {
    if (shown !== null) return clear();
    try {
      await show();
    } catch (error) {
      console.error(error); // the large map, which came before, says what is wrong with the picture
      clear();
    }
  });
  store.subscribe((state) => {
    if (shown !== null && shown !== state.picture) clear();
    const possible = state.result !== null && state.result.madeBy === undefined && currentHeat(state) !== null;
    button.hidden = !possible;
    if (!possible && shown !== null) list.hidden = true;
    else if (shown !== null) list.hidden = false;
    button.ariaPressed = String(shown !== null);
    mark(state);
  });
}
