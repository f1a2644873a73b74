// The classes: names, pictures from files and the camera, each embedded as soon as the network is there. Knows nothing of
// training.
import { cameraSentence, noPicture, pictureSentence } from './sentences.js';

/** Pictures of a class: what a page can show. */
const MOST = 200;
/** Held for this long, a button repeats, so often; in milliseconds. */
const HOLD = 300;
const INTERVAL = 100;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @typedef {object} Picture
 * @property {Promise<Float32Array | undefined>} vector undefined where it could not be read, which was said
 */

function element(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

/**
 * @param {{ list: HTMLElement, add: HTMLElement, notice: HTMLElement, rest: HTMLElement }} elements `rest` gets the focus
 *   where a button vanishes
 * @param {{ network: object, snapshots: object, onCamera: () => void, onChange: () => void }} parts `onChange` is called when
 *   names or pictures change
 */
export function createClasses({ list, add, notice, rest }, { network, snapshots, onCamera, onChange }) {
  const classes = [];
  let made = 0;

  function say(sentence) {
    notice.textContent = sentence;
    notice.hidden = sentence === '';
  }

  function addClass(title) {
    const card = createCard(
      ++made,
      { network, snapshots, onCamera, onChange, say, onRemove: () => remove(card) },
      title,
    );
    classes.push(card);
    list.append(card.item);
    onChange();
    return card;
  }

  const hasPictures = () => classes.some((card) => card.pictures().length > 0);
  addEventListener('beforeunload', (event) => {
    if (hasPictures()) event.preventDefault(); // the browser asks
  });

  function remove(card) {
    classes.splice(classes.indexOf(card), 1);
    card.dispose();
    card.item.remove();
    while (classes.length < 2) addClass();
    onChange();
    rest.focus();
  }

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
  addClass();
  addClass();

  return {
    /** @returns {{ name: string, pictures: Picture[] }[]} */
    get all() {
      return classes.map((card) => ({ name: card.name(), pictures: card.pictures() }));
    },
    /** Cards for the classes of an earlier result, in the place of cards without pictures. @param {string[]} names */
    show(names) {
      for (const card of classes.filter((one) => one.pictures().length === 0)) {
        classes.splice(classes.indexOf(card), 1);
        card.dispose();
        card.item.remove();
      }
      const there = classes.map((card) => card.name());
      for (const name of names.filter((one) => !there.includes(one))) addClass(name);
      while (classes.length < 2) addClass();
    },
  };
}

/** One act for a click; for as long as a pointer holds the button, one after another. @param {() => Promise<void>} act */
function holdToRepeat(button, act) {
  let [presses, held, repeated] = [0, false, false];
  button.addEventListener('pointerdown', async () => {
    const mine = ++presses;
    [held, repeated] = [true, false];
    await pause(HOLD);
    while (held && mine === presses && button.isConnected && !button.hidden) {
      repeated = true;
      await Promise.all([act(), pause(INTERVAL)]);
    }
  });
  for (const type of ['pointerup', 'pointercancel', 'pointerleave'])
    button.addEventListener(type, () => {
      held = false;
    });
  button.addEventListener('click', (event) => {
    const byKey = event.detail === 0;
    if (byKey || !repeated) act();
  });
}

function createCard(number, { network, snapshots, onCamera, onChange, say, onRemove }, title = `Class ${number}`) {
  const item = element('li', 'class');
  const head = element('div', 'class-head');
  const name = element('input', 'class-name', {
    type: 'text',
    value: title,
    maxLength: 60,
    spellcheck: false,
    autocomplete: 'off',
  });
  name.ariaLabel = `Name of class ${number}`;
  const count = element('span', 'class-count', { textContent: '0 pictures' });
  const removeButton = element('button', 'class-remove', { type: 'button', textContent: '✕' });
  const pictures = element('ul', 'class-pictures');
  const video = element('video', '', { muted: true, playsInline: true, hidden: true, ariaLabel: 'Camera' });
  const tools = element('div', 'tools');
  const input = element('input', 'visually-hidden', {
    type: 'file',
    accept: 'image/*',
    multiple: true,
    id: `files-${number}`,
  });
  const choose = element('label', 'button small', { htmlFor: input.id, textContent: 'Add pictures' });
  const camera = element('button', 'button small', { type: 'button', textContent: 'Camera' });
  const snap = element('button', 'button small primary', {
    type: 'button',
    textContent: 'Take a picture',
    title: 'Hold it to take ten a second',
    hidden: true,
  });
  head.append(name, count, removeButton);
  tools.append(input, choose, snap, camera);
  item.append(head, pictures, video, tools);

  /** @type {{ url: string, entry: HTMLElement, vector: Promise<Float32Array | undefined> }[]} */
  let shown = [];

  function label() {
    const called = name.value.trim() || `class ${number}`;
    input.ariaLabel = `Add pictures of ${called}`;
    camera.ariaLabel = `${camera.textContent}: ${called}`;
    removeButton.ariaLabel = `Remove ${called}`;
    count.textContent = shown.length === 1 ? '1 picture' : `${shown.length} pictures`;
    for (const [i, { entry }] of shown.entries()) entry.firstChild.ariaLabel = `Remove picture ${i + 1} of ${called}`;
  }

  function drop(picture) {
    const at = shown.indexOf(picture);
    if (at < 0) return;
    const hadFocus = picture.entry.contains(document.activeElement);
    shown.splice(at, 1);
    picture.entry.remove();
    URL.revokeObjectURL(picture.url);
    label();
    if (hadFocus) (shown[Math.min(at, shown.length - 1)]?.entry.firstChild ?? input).focus();
  }

  async function embed(picture, file) {
    try {
      const model = await network.start();
      return await model?.embed(file);
    } catch (error) {
      drop(picture);
      say(pictureSentence(error, file.name));
    } finally {
      picture.entry.firstChild.ariaBusy = 'false';
    }
  }

  function addPicture(file) {
    const entry = document.createElement('li');
    const button = element('button', '', { type: 'button', title: 'Remove', ariaBusy: 'true' });
    const url = URL.createObjectURL(file);
    button.append(element('img', '', { src: url, alt: '', draggable: false, decoding: 'async' }));
    entry.append(button);
    const picture = { url, entry, file };
    shown.push(picture);
    picture.vector = embed(picture, file);
    /** Again, where the network was not there. */
    picture.again = () => {
      picture.vector = embed(picture, file);
      return picture.vector;
    };
    button.addEventListener('click', () => drop(picture));
    pictures.append(entry);
  }

  function take(files) {
    say('');
    const other = files.find(({ type }) => type !== '' && !type.startsWith('image/'));
    if (other !== undefined) say(noPicture(other.name));
    const images = files.filter((file) => file !== other && (file.type === '' || file.type.startsWith('image/')));
    const room = MOST - shown.length;
    for (const file of images.slice(0, room)) addPicture(file);
    onChange();
    if (images.length > room) say(`A class takes ${MOST} pictures: the rest was left out.`);
    label();
  }

  function cameraIsOff(reason) {
    if (reason !== '') say(reason);
    video.hidden = true;
    snap.hidden = true;
    camera.textContent = 'Camera';
    label();
  }

  async function toggleCamera() {
    if (!video.hidden) return snapshots.stop();
    say('');
    onCamera();
    try {
      if (!(await snapshots.start(video, cameraIsOff))) return;
      video.hidden = false;
      snap.hidden = false;
      camera.textContent = 'Done';
      label();
    } catch (error) {
      say(cameraSentence(error));
    }
  }

  name.addEventListener('input', () => {
    label();
    onChange();
  });
  input.addEventListener('change', () => {
    const files = [...input.files];
    input.value = ''; // so that the same files can be chosen again
    take(files);
  });
  removeButton.addEventListener('click', onRemove);
  camera.addEventListener('click', toggleCamera);
  const shoot = async () => {
    const file = await snapshots.take();
    if (file !== null) take([file]);
  };
  holdToRepeat(snap, shoot);
  label();

  return {
    item,
    take,
    name: () => name.value.trim(),
    pictures: () => [...shown],
    focus: () => name.select(),
    dispose() {
      if (!video.hidden) snapshots.stop();
      for (const { url } of shown) URL.revokeObjectURL(url);
      shown = [];
    },
  };
}
