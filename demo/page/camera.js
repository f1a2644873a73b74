// The camera: one frame after another goes through the network while it is on. Stops with the tab in the background,
// and gives the camera back.
import { CAMERA_LEFT, cameraSentence, pictureSentence } from './sentences.js';
import { CANDIDATES, createSmoothing } from './smoothing.js';

/** Pixels asked for: the network sees 224. */
const constraintsFor = (facingMode) => ({
  audio: false,
  video: { facingMode, width: { ideal: 960 }, height: { ideal: 720 } },
});
/** Longest side of a frame's map: it is painted many times a second. */
const MAX_SIDE = 160;

/** How many cameras there are; browsers say so once one of them was allowed. */
async function countCameras() {
  const devices = (await navigator.mediaDevices.enumerateDevices?.().catch(() => [])) ?? [];
  return devices.filter(({ kind }) => kind === 'videoinput').length;
}

/**
 * @param store of state.js
 * @param network of network.js
 * @param {HTMLVideoElement} video
 * @param {(video: HTMLVideoElement, signal: AbortSignal) => Promise<void>} [alongside] looks at the video too, after each frame
 */
export function createCamera(store, network, video, alongside = async () => {}) {
  /** Aborted when the camera is turned off; a new one each time it is turned on. */
  let session = new AbortController();
  let facing = 'environment';
  let wantsMap = false;

  async function start() {
    session = new AbortController();
    const { signal } = session;
    store.update({ camera: 'starting', notice: '' });
    let stream;
    try {
      // Throws a TypeError where `mediaDevices` is missing, which is where the page is no secure context.
      stream = await navigator.mediaDevices.getUserMedia(constraintsFor(facing));
      signal.addEventListener('abort', () => release(stream));
      if (signal.aborted) return release(stream);
      video.srcObject = stream;
      await video.play();
      if (signal.aborted) return;
      // Who looks at oneself expects a mirror; the network sees the frame as it is.
      const [{ facingMode }] = stream.getVideoTracks().map((track) => track.getSettings());
      video.parentElement.classList.toggle('mirrored', facingMode !== 'environment');
      store.update({ camera: 'on', result: null, cameraMap: null, cameras: await countCameras() });
    } catch (error) {
      if (signal.aborted) return;
      if (stream !== undefined) release(stream);
      return store.update({ camera: 'off', notice: cameraSentence(error) });
    }
    await watch(signal);
  }

  async function watch(signal) {
    const smooth = createSmoothing();
    const model = await network.start();
    if (signal.aborted) return;
    if (model === undefined) return stop();
    const show = async ({ classes, milliseconds, framesPerSecond }) => {
      const guesses = smooth(classes, performance.now()).slice(0, 5);
      store.update({ result: { guesses, milliseconds, framesPerSecond }, info: model.info() });
      const [{ index }] = guesses;
      const cameraMap = wantsMap ? await model.explain(video, { index, maxSide: MAX_SIDE, signal }) : null;
      if (!signal.aborted && (wantsMap || store.state.cameraMap !== null)) store.update({ cameraMap });
      await alongside(video, signal);
    };
    try {
      await model.watch(video, show, { signal, topK: CANDIDATES });
    } catch (error) {
      if (signal.aborted) return;
      stop();
      store.update({ notice: pictureSentence(error, '') });
    }
  }

  function release(stream) {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }

  function stop() {
    session.abort();
    if (store.state.camera !== 'off') store.update({ camera: 'off', result: null, cameraMap: null });
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden || store.state.camera === 'off') return;
    stop();
    store.update({ notice: CAMERA_LEFT });
  });
  return {
    start,
    stop,
    /** Takes the camera on the other side. */
    turn() {
      facing = facing === 'environment' ? 'user' : 'environment';
      stop();
      return start();
    },
    /** Whether each frame's map is shown, which takes as long again. */
    showMap(wanted) {
      wantsMap = wanted;
    },
  };
}
