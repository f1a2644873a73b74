// What the page does where memory is short: browsers end pages that take too much, without a word. So the page remembers
// that it was at work, and after such an end it waits to be asked, with fewer threads; it does so at once on devices that
// tell of little memory. Where the package runs out of memory, less is tried before anything is given up.

/** In the session's storage while the page is at work: what it does. It outlives the end of the page's process. */
const AT_WORK = 'at-work';
/** Memory of a device, GB, as browsers tell it (Chromium does). */
const LITTLE = 1;

const ENDED = {
  loading:
    'The browser ended this page while the network was loading, probably because memory ran out: close other tabs, then load the network.',
  picture:
    'The browser ended this page while it looked at a picture, probably because memory ran out: close other tabs, load the network, and choose a smaller picture.',
};
const littleMemory = (memory) =>
  `This device has about ${memory} GB of memory, and the network takes 0.1: close other tabs, then load the network.`;

/** What may be the end of a page that is short of memory; empty while it rests. */
const workOf = ({ network, busy }) =>
  network === 'loading' ? 'loading' : busy && network === 'ready' ? 'picture' : '';

/** The session's storage, or undefined where a visitor has forbidden it. */
function storageOf(scope) {
  try {
    return scope.sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * @returns {{ reason: string, options: object, watch(store: object): void }} `reason` not to load before a visitor asks, a
 *   sentence or empty; `options` of `load`; `watch` remembers from now on when the page is at work
 */
export function lookAtDevice(scope = globalThis) {
  const storage = storageOf(scope);
  const ended = ENDED[storage?.getItem(AT_WORK)];
  const { deviceMemory: memory = LITTLE } = scope.navigator;
  const reason = ended ?? (memory < LITTLE ? littleMemory(memory) : '');
  let before = '';
  const note = (work) => {
    if (work === before) return;
    before = work;
    if (work === '') storage?.removeItem(AT_WORK);
    else storage?.setItem(AT_WORK, work);
  };
  storage?.removeItem(AT_WORK);
  return {
    reason,
    options: reason === '' ? {} : { threads: 1 },
    watch(store) {
      store.subscribe((state) => note(workOf(state)));
      // Whoever leaves or reloads the page is not a browser that ended it.
      scope.addEventListener('pagehide', () => note(''));
    },
  };
}

/** Whether an error may be a matter of memory. */
const mayBeMemory = ({ code }) => code === 'OUT_OF_MEMORY' || code === 'CORE_CRASHED';

/** Loads with these options, and once more on one thread where memory may have run out. */
export async function loadWithLess(load, options) {
  try {
    return await load(options);
  } catch (error) {
    if (options.signal?.aborted || !mayBeMemory(error)) throw error;
    return load({ ...options, threads: 1 });
  }
}

/** Width of the copy, pixels: more than the network looks at. */
const SMALLER = 1024;

/** Does it with a picture file, or where memory ran out with a smaller copy, which browsers can often still make. */
export async function withSmallerCopy(work, file, draw = createImageBitmap) {
  try {
    return { ...(await work(file)), isCopy: false };
  } catch (error) {
    if (error?.code !== 'OUT_OF_MEMORY') throw error;
    const copy = await draw(file, { resizeWidth: SMALLER, resizeQuality: 'high' }).catch(() => undefined);
    if (copy === undefined) throw error;
    try {
      return { ...(await work(copy)), isCopy: true };
    } finally {
      copy.close();
    }
  }
}
