// While a card's camera is on and something is learnt, each card shows how much the present frame looks like its class.
import { createLasting } from './lasting.js';
import { createSmoothing } from './smoothing.js';

/**
 * @param {{ network: object, status: HTMLElement }} parts `status` is a live region: it is told what has lasted
 * @param {(scores: Map<string, number> | null) => void} show scores by name of the class
 */
export function createLive({ network, status }, show) {
  /** @type {HTMLVideoElement | null} */
  let video = null;
  let isTrained = false;
  let session = new AbortController();

  async function watch() {
    session.abort();
    session = new AbortController();
    if (video === null || !isTrained) return show(null);
    const { signal } = session;
    const [smooth, lasting] = [createSmoothing(), createLasting()];
    try {
      const model = await network.start();
      const onResult = ({ classes }) => {
        const guesses = smooth(classes, performance.now());
        show(new Map(guesses.map(({ label, score }) => [label, score])));
        if (lasting.isNew(guesses[0].label)) status.textContent = `It looks like ${guesses[0].label}.`;
      };
      if (!signal.aborted) await model?.watch(video, onResult, { signal, topK: Number.POSITIVE_INFINITY });
    } catch {
      if (!signal.aborted) show(null); // the network was replaced, for one; the next result begins anew
    }
  }

  return {
    /** Of teach-snapshots.js. @param {HTMLVideoElement | null} now the camera's */
    setVideo(now) {
      video = now;
      watch();
    },
    /** There is something learnt, or something else than before. */
    learnt() {
      isTrained = true;
      watch();
    },
  };
}
