// One class as a card: its name, its pictures from files and the camera, each embedded as soon as the network is there, and how
// much what the camera sees looks like it. Knows nothing of other classes or of training.
import { percent } from './format.js';
import { cameraSentence, noPicture, pictureSentence } from './sentences.js';
import { holdToRepeat } from './teach-hold.js';

/** Pictures of a class: what a page can show. */
const MOST = 200;
/** Codes of the package where the fault is the picture's: kept, it would fail again. */
const UNREADABLE = ['NOT_AN_IMAGE', 'UNSUPPORTED_FORMAT', 'TRUNCATED_IMAGE', 'CORRUPT_IMAGE', 'IMAGE_TOO_LARGE'];

/**
 * @typedef {object} Picture
 * @property {Promise<Float32Array | undefined>} vector undefined where it could not be read, which was said
 * @property {() => Promise<Float32Array | undefined>} again embeds it again, where the network was not there
 */

function element(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

function createElements(number, title) {
  const input = element('input', 'visually-hidden', {
    ...{ type: 'file', accept: 'image/*', multiple: true, id: `files-${number}` },
  });
  const parts = {
    item: element('li', 'class'),
    name: element('input', 'class-name', {
      ...{ type: 'text', value: title, maxLength: 60, spellcheck: false, autocomplete: 'off' },
      ariaLabel: `Name of class ${number}`,
    }),
    count: element('span', 'class-count'),
    remove: element('button', 'class-remove', { type: 'button', textContent: '✕' }),
    live: element('p', 'class-live', { hidden: true, ariaHidden: 'true' }),
    bar: element('span', 'bar'),
    share: element('span', 'share'),
    pictures: element('ul', 'class-pictures'),
    video: element('video', '', { muted: true, playsInline: true, hidden: true, ariaLabel: 'Camera' }),
    input,
    camera: element('button', 'button small', { type: 'button', textContent: 'Camera' }),
    snap: element('button', 'button small primary hold', {
      ...{ type: 'button', textContent: 'Hold to record', hidden: true },
      title: 'A click takes one picture; held, it takes ten a second',
    }),
  };
  const [head, tools] = [element('div', 'class-head'), element('div', 'tools')];
  const choose = element('label', 'button small', { htmlFor: input.id, textContent: 'Add pictures' });
  head.append(parts.name, parts.count, parts.remove);
  parts.live.append(parts.bar, parts.share);
  tools.append(input, choose, parts.snap, parts.camera);
  parts.item.append(head, parts.live, parts.pictures, parts.video, tools);
  return parts;
}

/**
 * @param {number} number no other card has it
 * @param {object} parts `network`, `snapshots`, `keeping`; `onCamera` is called before the camera is turned on, `onChange` when
 *   the name or the pictures change, `onSettle` when something that changes them has ended, `say` with what went wrong
 * @param {{ name?: string, kept?: import('./teach-keeping.js').KeptClass }} [begin] `kept` is what it was in an earlier visit
 */
export function createCard(number, { network, snapshots, keeping, ...tell }, { name: title, kept } = {}) {
  const { onCamera, onChange, onSettle, say, onRemove } = tell;
  const id = kept?.id ?? keeping.nextId();
  const elements = createElements(number, kept?.name ?? title ?? `Class ${number}`);
  const { item, name, count, remove, live, bar, share, pictures, video, input, camera, snap } = elements;

  /** @type {(Picture & { id: number, url: string, entry: HTMLElement })[]} */
  let shown = [];

  const keepName = () => keeping.keepClass({ id, name: name.value });

  function label() {
    const called = name.value.trim() || `class ${number}`;
    input.ariaLabel = `Add pictures of ${called}`;
    camera.ariaLabel = `${camera.textContent}: ${called}`;
    remove.ariaLabel = `Remove ${called}`;
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
      if (UNREADABLE.includes(error?.code)) keeping.dropPicture(picture.id);
      say(pictureSentence(error, file.name));
    } finally {
      picture.entry.firstChild.ariaBusy = 'false';
    }
  }

  function addPicture({ id, file }) {
    const entry = document.createElement('li');
    const button = element('button', '', { type: 'button', title: 'Remove', ariaBusy: 'true' });
    const url = URL.createObjectURL(file);
    button.append(element('img', '', { src: url, alt: '', draggable: false, decoding: 'async' }));
    entry.append(button);
    const picture = { id, url, entry };
    shown.push(picture);
    picture.again = () => {
      picture.vector = embed(picture, file);
      return picture.vector;
    };
    picture.again();
    button.addEventListener('click', () => {
      drop(picture);
      keeping.dropPicture(id);
      onChange();
    });
    pictures.append(entry);
  }

  function take(files) {
    say('');
    const other = files.find(({ type }) => type !== '' && !type.startsWith('image/'));
    if (other !== undefined) say(noPicture(other.name));
    const images = files.filter((file) => file !== other && (file.type === '' || file.type.startsWith('image/')));
    const room = MOST - shown.length;
    if (shown.length === 0 && images.length > 0) keepName();
    for (const file of images.slice(0, room)) {
      const picture = { id: keeping.nextId(), file };
      keeping.keepPicture(picture.id, id, file);
      addPicture(picture);
    }
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

  async function shoot() {
    const file = await snapshots.take();
    if (file !== null) take([file]);
  }

  name.addEventListener('input', () => {
    label();
    keepName();
    onChange();
  });
  name.addEventListener('blur', onSettle);
  input.addEventListener('change', () => {
    const files = [...input.files];
    input.value = ''; // so that the same files can be chosen again
    take(files);
  });
  remove.addEventListener('click', onRemove);
  camera.addEventListener('click', toggleCamera);
  const recording = holdToRepeat(snap, { act: shoot, onLetGo: onSettle });
  kept?.pictures.forEach(addPicture);
  label();

  return {
    item,
    take,
    name: () => name.value.trim(),
    pictures: () => [...shown],
    /** Whether its name or its pictures are changing right now. */
    isBusy: () => recording.isHeld || document.activeElement === name,
    /** How much the camera's frame looks like it, 0..1; null where nothing is known. */
    showLikeness(score) {
      live.hidden = score === null;
      if (score === null) return;
      bar.style.setProperty('--share', String(score));
      share.textContent = percent(score);
    },
    focus: () => name.select(),
    dispose() {
      if (!video.hidden) snapshots.stop();
      for (const picture of shown) {
        URL.revokeObjectURL(picture.url);
        keeping.dropPicture(picture.id);
      }
      keeping.dropClass(id);
      shown = [];
    },
  };
}
