// The camera: one frame after another goes through the network while it is on. Stops with the tab in the background,
// and gives the camera back.
import { cameraSentence, pictureSentence } from './sentences.js';

/** At most this often, in milliseconds: labels stay readable, and phones stay cool. */
const LEAST_INTERVAL = 150;
/** Pixels asked for: the network sees 224. */
const CONSTRAINTS = {
  audio: false,
  video: { facingMode: 'environment', width: { ideal: 960 }, height: { ideal: 720 } },
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param store of state.js
 * @param network of network.js
 * @param {HTMLVideoElement} video
 */
export function createCamera(store, network, video) {
  /** Aborted when the camera is turned off; a new one each time it is turned on. */
  let session = new AbortController();

  async function start() {
    session = new AbortController();
    const { signal } = session;
    store.update({ camera: 'starting', notice: '' });
    let stream;
    try {
      // Throws a TypeError where `mediaDevices` is missing, which is where the page is no secure context.
      stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
      signal.addEventListener('abort', () => release(stream));
      if (signal.aborted) return release(stream);
      video.srcObject = stream;
      await video.play();
      if (signal.aborted) return;
      store.update({ camera: 'on', result: null });
    } catch (error) {
      if (signal.aborted) return;
      if (stream !== undefined) release(stream);
      return store.update({ camera: 'off', notice: cameraSentence(error) });
    }
    await watch(signal);
  }

  async function watch(signal) {
    while (!signal.aborted) {
      const model = await network.start();
      if (signal.aborted) return;
      if (model === undefined) return stop();
      const begun = performance.now();
      try {
        const guesses = await model.classify(video, { signal });
        if (signal.aborted) return;
        const took = performance.now() - begun;
        store.update({ result: { guesses, milliseconds: took }, info: model.info() });
        await pause(Math.max(0, LEAST_INTERVAL - took));
      } catch (error) {
        if (signal.aborted) return;
        stop();
        store.update({ notice: pictureSentence(error, '') });
      }
    }
  }

  function release(stream) {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }

  function stop() {
    session.abort();
    if (store.state.camera !== 'off') store.update({ camera: 'off', result: null });
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stop();
  });
  return { start, stop };
}
