// The classes: cards that come and go, those of an earlier visit among them, and files dropped on one of them. Knows nothing of training.
import { createCard } from './teach-card.js';

/**
 * @param {{ list: HTMLElement, add: HTMLElement, notice: HTMLElement, rest: HTMLElement }} elements `rest` gets the focus
 *   where a button vanishes
 * @param {{ network: object, snapshots: object, keeping: object, onCamera: () => void, onChange: () => void, onSettle: () => void }} parts
 *   `onChange` is called when names or pictures change, `onSettle` when a name is left or a held button let go
 * @param {import('./teach-keeping.js').KeptClass[]} kept
 */
export function createClasses({ list, add, notice, rest }, parts, kept) {
  const { keeping, onChange } = parts;
  const classes = [];
  let made = 0;

  function say(sentence) {
    notice.textContent = sentence;
    notice.hidden = sentence === '';
  }

  /** @param {Parameters<typeof createCard>[2]} [begin] */
  function addClass(begin) {
    const card = createCard(++made, { ...parts, say, onRemove: () => remove(card) }, begin);
    classes.push(card);
    list.append(card.item);
    onChange();
    return card;
  }

  function takeAway(card) {
    classes.splice(classes.indexOf(card), 1);
    card.dispose();
    card.item.remove();
  }

  function remove(card) {
    takeAway(card);
    while (classes.length < 2) addClass();
    onChange();
    rest.focus();
  }

  const hasPictures = () => classes.some((card) => card.pictures().length > 0);
  addEventListener('beforeunload', (event) => {
    if (hasPictures() && !keeping.isSafe) event.preventDefault(); // the browser asks
  });

  // Anywhere else on the page a drop is a picture to try: see inputs.js.
  list.addEventListener('drop', (event) => {
    const card = classes.find(({ item }) => item.contains(event.target));
    if (card === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    card.item.removeAttribute('data-over');
    card.take([...event.dataTransfer.files]);
    dispatchEvent(new DragEvent('dragleave')); // the page counts enters and leaves
  });
  list.addEventListener('dragover', (event) => {
    for (const { item } of classes) item.toggleAttribute('data-over', item.contains(event.target));
  });
  addEventListener('dragleave', () => {
    for (const { item } of classes) item.removeAttribute('data-over');
  });

  add.addEventListener('click', () => addClass().focus());
  for (const one of kept) addClass({ kept: one });
  while (classes.length < 2) addClass();

  return {
    /** @returns {{ name: string, pictures: import('./teach-card.js').Picture[] }[]} */
    get all() {
      return classes.map((card) => ({ name: card.name(), pictures: card.pictures() }));
    },
    /** Whether a name or pictures of one are changing right now. */
    get areBusy() {
      return classes.some((card) => card.isBusy());
    },
    /** How much the camera's frame looks like each. @param {Map<string, number> | null} scores by name */
    showLikeness(scores) {
      for (const card of classes) card.showLikeness(scores?.get(card.name()) ?? null);
    },
    /** Cards for the classes of an earlier result, in the place of cards without pictures. @param {string[]} names */
    show(names) {
      for (const card of classes.filter((one) => one.pictures().length === 0)) takeAway(card);
      const there = classes.map((card) => card.name());
      for (const name of names.filter((one) => !there.includes(one))) addClass({ name });
      while (classes.length < 2) addClass();
    },
  };
}
