// From a file to guesses on the page: shows the picture, waits for the network, classifies. The newest picture wins.
import { fetchPicture, nameOf } from './picture-address.js';
import { addressSentence, noPicture, ONLY_COPY, onlyFirst, pictureSentence, sampleSentence } from './sentences.js';
import { withSmallerCopy } from './small-device.js';

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

/** Nothing that could be shown again. */
const NOTHING = { picture: null, result: null };

/**
 * @param store of state.js
 * @param network of network.js
 * @param {(model: object, file: Blob, signal: AbortSignal) => Promise<object>} [inspect] gives more of what a result tells
 */
export function createPictures(store, network, inspect = async () => ({})) {
  let newest = new AbortController();
  /** `newest` as the page begins: another one once the visitor has asked for anything. */
  const untouched = newest;
  /** Arguments of the last `take` that has not come to an end. */
  let unfinished;
  /** The last picture with its guesses: what is shown again where the next one fails. */
  let settled = NOTHING;

  /** Changes the state, then gives back the addresses of pictures that are no longer in use. */
  function update(changes, ...pictures) {
    const old = store.state.picture;
    store.update(changes);
    const inUse = [store.state.picture?.url, settled.picture?.url];
    for (const { url } of [old, ...pictures].filter(Boolean)) {
      if (!inUse.includes(url)) URL.revokeObjectURL(url);
    }
  }

  /** @param {(before: object) => object} [more] further changes of the state, made with the result */
  async function classify(file, picture, signal, more = () => ({})) {
    const model = await network.start();
    if (signal.aborted) return;
    if (model === undefined) return store.update({ busy: false }); // and unfinished
    const begun = performance.now();
    const look = async (image) => {
      const guesses = await model.classify(image, { signal });
      const milliseconds = performance.now() - begun;
      return { guesses, milliseconds, ...(await inspect(model, image, signal)) };
    };
    const { isCopy, ...result } = await withSmallerCopy(look, file);
    unfinished = undefined;
    const before = settled.picture;
    settled = { picture, result };
    const told = isCopy ? { notice: ONLY_COPY } : {};
    update(
      { ...settled, ...more(store.state), ...told, pace: result.milliseconds, busy: false, info: model.info() },
      before,
    );
  }

  /** Makes the caller the newest: its signal is aborted by the next one. */
  function begin() {
    newest.abort();
    newest = new AbortController();
    unfinished = undefined;
    return newest.signal;
  }

  /** Says what went wrong, beside what was there before. */
  function fail(notice) {
    unfinished = undefined;
    update({ ...settled, notice, busy: false });
  }

  /** Shows and classifies a picture file. */
  async function take(file, { name = file.name ?? '', sample = '', address = '', remark = '' } = {}, signal = begin()) {
    unfinished = [file, { name, sample, address, remark }];
    store.update({ notice: '', busy: true });
    const { url, drawable } = await draw(file);
    if (signal.aborted) return URL.revokeObjectURL(url);
    const picture = { name, file, url, drawable, sample, address, remark };
    // What cannot be drawn is perhaps no picture at all: shown once the network has read it.
    if (drawable) update({ picture, result: null });
    try {
      await classify(file, picture, signal);
    } catch (error) {
      if (!signal.aborted) fail(pictureSentence(error, name));
    } finally {
      update({}, picture);
    }
  }

  /** Fetches and takes a sample. */
  async function takeSample({ file, what, remark }, address) {
    const signal = begin();
    let blob;
    try {
      const response = await fetch(address, { signal });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      blob = await response.blob();
    } catch {
      if (!signal.aborted) fail(sampleSentence());
      return;
    }
    await take(blob, { name: what, sample: file, remark }, signal);
  }

  /** Takes a picture by its address. */
  async function takeAddress(address) {
    const signal = begin();
    store.update({ notice: '', busy: true });
    let file;
    try {
      file = await fetchPicture(address, signal);
    } catch {
      if (!signal.aborted) fail(addressSentence(address));
      return;
    }
    const isLink = !address.startsWith('data:');
    await take(file, { name: nameOf(address), address: isLink ? address : '' }, signal);
  }

  return {
    /** Shows what was made before. @param {Pick<import('./state.js').State, 'picture' | 'result' | 'heat'>} first */
    begin({ picture, result, heat }) {
      settled = { picture, result };
      store.update({ ...settled, heat });
    },
    /** Looks at what the page begins with, unless something else was asked for; where that fails, what was made before stays. */
    async repeat() {
      if (newest !== untouched) return; // a picture of the visitor's is on its way
      const { picture } = settled;
      const signal = begin();
      store.update({ busy: true });
      try {
        const response = await fetch(picture.url, { signal });
        const now = { ...picture, file: await response.blob() };
        const keep = ({ heat }) => (heat?.picture === picture ? { heat: { ...heat, picture: now } } : {});
        await classify(now.file, now, signal, keep);
      } catch {
        if (!signal.aborted) update({ ...settled, busy: false });
      }
    },
    /** Takes the first of some files. What is plainly no picture disturbs none. @param {File[]} files */
    takeFirst(files) {
      const first = files.find((file) => !isNoImage(file));
      if (first === undefined) return store.update({ notice: noPicture(files[0].name) });
      take(first);
      if (files.length > 1) store.update({ notice: onlyFirst(files.length, first.name) });
    },
    takeAddress,
    /** @type {(sample: { file: string, what: string }, address: string) => Promise<void>} */
    takeSample,
    /** Starts the network again, and with it the picture that waits for it. */
    resume() {
      if (unfinished === undefined) network.start();
      else take(...unfinished);
    },
    /** Looks at the shown picture anew: with another network, say. */
    again() {
      const { picture } = settled;
      if (unfinished !== undefined) take(...unfinished);
      else if (typeof picture?.file === 'string') takeSample({ file: picture.sample, what: picture.name }, picture.url);
      else if (picture !== null) take(picture.file, picture);
    },
    /** Looks at the shown picture anew, where it is: the network has learnt something else. */
    async refresh() {
      const { picture } = settled;
      if (picture === null || unfinished !== undefined) return;
      const signal = begin();
      try {
        await classify(picture.file, picture, signal, () => ({ heat: null }));
      } catch (error) {
        if (!signal.aborted) fail(pictureSentence(error, picture.name));
      }
    },
    /** Forgets the picture on its way and takes the shown one away. */
    clear() {
      begin();
      const before = settled.picture;
      settled = NOTHING;
      update({ ...NOTHING, busy: false, notice: '' }, before);
    },
  };
}
