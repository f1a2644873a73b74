/**
 * Browsers: workers, weights over HTTP. Runs in pages and in workers alike.
 */
import { wasmFile, workerScript } from './assets.browser.js';
import { describe, ResNet50Error } from './errors.js';
import { BROWSER_LIMITS, type Platform } from './platform.js';
import type { Port, Reply } from './protocol.js';
import { browserSource, pageBase } from './source.browser.js';

/**
 * A worker's script must come from the page's own origin. One from elsewhere (a CDN) may be imported, though, so such a
 * worker is a one-line module of ours. Its address stays valid as long as the worker: threads start from it.
 */
function openWorker(script: string): { worker: Worker; release(): void } {
  const page = globalThis.location?.origin;
  if (page === undefined || new URL(script).origin === page || !script.startsWith('http')) {
    return { worker: new Worker(script, { type: 'module' }), release: () => undefined };
  }
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }));
  return { worker: new Worker(blob, { type: 'module' }), release: () => URL.revokeObjectURL(blob) };
}

/** How long a worker may take to free its network; it may be in the middle of a picture. */
const FAREWELL_MS = 1000;

/**
 * Resolves once the worker has said hello; its script may be missing, or forbidden by the page's CSP.
 * @param address of the script, where it is known
 */
export function startWorker(name: string, address: () => string): Promise<Port> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) =>
      reject(new ResNet50Error('WORKER_FAILED', `the worker did not start: ${why}`, { subject: name }));
    let opened: ReturnType<typeof openWorker>;
    try {
      opened = openWorker(address());
    } catch (error) {
      return failed(describe(error));
    }
    const { worker } = opened;
    let ended: () => void = () => undefined;
    const end = () => {
      worker.terminate();
      opened.release();
      ended();
    };
    const port: Port = {
      onreply: undefined,
      ondeath: undefined,
      post: (message, transfer) => worker.postMessage(message, transfer),
      busy: () => undefined,
      // Threads that sleep in wasm are deaf to terminate() and keep all memory for seconds: the core joins them first.
      terminate: () =>
        new Promise((resolveEnd) => {
          const timer = setTimeout(end, FAREWELL_MS);
          ended = () => {
            clearTimeout(timer);
            resolveEnd();
          };
          worker.postMessage({ farewell: true });
        }),
    };
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('hello' in data) resolve(port);
      else if ('farewell' in data) end();
      else port.onreply?.(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message || 'its script could not be loaded';
      failed(why); // without effect once it has started
      port.ondeath?.(why);
      end();
    };
  });
}

/** The platform of pages and of users' own workers. */
export const browserPlatform: Platform = {
  limits: BROWSER_LIMITS,
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  noWorker: () => (typeof Worker === 'function' ? undefined : 'there are no workers here'),
  noThreadsInPlace: 'threads need a worker',
  startWorker: (flavour, folder) => startWorker(`worker-${flavour}.js`, () => workerScript(flavour, folder)),
  startInPlace: async (flavour) => (await import('./inplace.js')).startInPlace(flavour),
  loadTraining: () => import('./training.js'),
  findSource: (request) => browserSource(request, import.meta.url),
  wasmFile,
  openAddress: (address) => new URL(address, pageBase()),
};
