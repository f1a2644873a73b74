/**
 * Threads for pages on hosts that cannot send the isolation headers (GitHub Pages and the like): a service worker adds them,
 * which takes one reload. Without it everything works, on one thread.
 */

const RELOADED = 'resnet50-wasm:reloaded-for-isolation';
/** If the service worker takes longer to start, the page goes on without threads, ms. */
const PATIENCE_MS = 3000;

/** Session storage may be forbidden: then an earlier reload could not be remembered, and the page is not reloaded at all. */
function storage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

async function activated(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker === null || worker.state === 'activated') return;
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated') resolve();
      if (worker.state === 'redundant') reject(new Error('the service worker could not be installed'));
    });
    setTimeout(() => reject(new Error('the service worker did not start in time')), PATIENCE_MS);
  });
}

/**
 * Makes the page cross-origin isolated if it is not and can be: registers the service worker and reloads the page once.
 * Call it before anything else.
 * @param worker address of a copy of `resnet50-wasm/isolation-worker.js` on the page's own origin; pages in its folder and
 *   below are isolated. Default: `isolation-worker.js` beside the page
 * @returns true if the page is about to reload: do nothing more. False if it is isolated already, or cannot be
 * @example
 * if (!(await isolate('/isolation-worker.js'))) startTheApp();
 */
export async function isolate(worker: string | URL = 'isolation-worker.js'): Promise<boolean> {
  const memory = storage();
  if (crossOriginIsolated) {
    memory?.removeItem(RELOADED);
    return false;
  }
  const alreadyTried = memory === undefined || memory.getItem(RELOADED) !== null;
  if (alreadyTried || !isSecureContext || !('serviceWorker' in navigator)) return false;
  try {
    await activated(await navigator.serviceWorker.register(new URL(worker, document.baseURI)));
    memory.setItem(RELOADED, 'yes');
  } catch {
    return false; // info() says that there are no threads, and why
  }
  location.reload();
  return true;
}
