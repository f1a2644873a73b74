// From a file to guesses on the page: shows the picture, waits for the network, classifies. The newest picture wins.
import { noPicture, pictureSentence } from './sentences.js';

/** What an <img> makes of the file: its address, and whether the browser can draw it. */
async function draw(file) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  const drawable = await image.decode().then(
    () => true,
    () => false,
  );
  return { url, drawable };
}

const isNoImage = (file) => file.type !== '' && !file.type.startsWith('image/');

/**
 * @param store of state.js
 * @param network of network.js
 */
export function createPictures(store, network) {
  let newest = new AbortController();
  /** Arguments of the last `take` that has not come to an end. */
  let unfinished;

  function show(picture, changes) {
    const old = store.state.picture;
    if (old !== null && old.url !== picture.url) URL.revokeObjectURL(old.url);
    store.update({ picture, ...changes });
  }

  async function classify(file, picture, signal) {
    const model = await network.start();
    if (signal.aborted) return;
    if (model === undefined) return store.update({ busy: false }); // and unfinished
    const begun = performance.now();
    const guesses = await model.classify(file, { signal });
    const result = { guesses, milliseconds: performance.now() - begun };
    unfinished = undefined;
    show(picture, { result, busy: false, info: model.info() });
  }

  /**
   * Shows and classifies a picture file.
   * @param {Blob} file
   * @param {{ name?: string, sample?: string }} about
   */
  async function take(file, { name = file.name ?? '', sample = '' } = {}) {
    newest.abort();
    newest = new AbortController();
    const { signal } = newest;
    unfinished = undefined;
    if (isNoImage(file)) return store.update({ notice: noPicture(name), busy: false });
    unfinished = [file, { name, sample }];
    store.update({ notice: '', busy: true });
    const { url, drawable } = await draw(file);
    if (signal.aborted) return URL.revokeObjectURL(url);
    const picture = { name, url, drawable, sample };
    // What cannot be drawn is perhaps no picture at all: shown once the network has read it.
    if (drawable) show(picture, { result: null });
    try {
      await classify(file, picture, signal);
    } catch (error) {
      if (signal.aborted) return;
      unfinished = undefined;
      store.update({ notice: pictureSentence(error, name), busy: false });
    } finally {
      if (store.state.picture?.url !== url) URL.revokeObjectURL(url);
    }
  }

  return {
    take,
    /** Starts the network again, and with it the picture that waits for it. */
    resume() {
      if (unfinished === undefined) network.start();
      else take(...unfinished);
    },
    /** Forgets the picture on its way and takes the shown one away. */
    clear() {
      newest.abort();
      unfinished = undefined;
      const { picture } = store.state;
      if (picture !== null) URL.revokeObjectURL(picture.url);
      store.update({ picture: null, result: null, busy: false, notice: '' });
    },
  };
}
