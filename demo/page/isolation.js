// Threads on hosts that cannot send the isolation headers: a service worker of ours adds them, which takes one reload.
// Without it everything works, with one thread.

const RELOADED = 'resnet50-wasm-demo:reloaded-for-isolation';
/** Longer than this and the page goes on without threads, in milliseconds. */
const PATIENCE = 3000;

/** Session storage may be forbidden: then there is no way to know about an earlier reload, and none is tried. */
function storage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

async function active(registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker.state === 'activated') return;
  await new Promise((resolve, reject) => {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated') resolve();
      if (worker.state === 'redundant') reject(new Error('the service worker could not be installed'));
    });
    setTimeout(() => reject(new Error('the service worker did not start in time')), PATIENCE);
  });
}

/**
 * Makes the page cross-origin isolated if it can.
 * @param {boolean} offered whether the site has the service worker
 * @returns {Promise<boolean>} true where the page is about to be loaded anew: do nothing more
 */
export async function isolate(offered) {
  const memory = storage();
  if (crossOriginIsolated) {
    memory?.removeItem(RELOADED);
    return false;
  }
  const alreadyTried = memory === undefined || memory.getItem(RELOADED) !== null;
  if (!offered || alreadyTried || !isSecureContext || !('serviceWorker' in navigator)) return false;
  try {
    await active(await navigator.serviceWorker.register(new URL('isolation-worker.js', document.baseURI)));
  } catch {
    return false; // info() says that there are no threads, and why
  }
  memory.setItem(RELOADED, 'yes');
  location.reload();
  return true;
}
