/**
 * Browsers: workers by literal URLs (bundlers read them), weights over HTTP. Runs in pages and in workers alike.
 */
import { describe, ResNet50Error } from './errors.js';
import type { Flavour } from './features.js';
import { BROWSER_LIMITS, type Platform } from './platform.js';
import type { Port, Reply } from './protocol.js';
import { browserSource, pageBase } from './source.browser.js';

/** One line a flavour, each with literal URL and options: bundlers look for exactly this. */
const WORKERS: Readonly<Record<Flavour, () => Worker>> = {
  simd: () => new Worker(new URL('./worker-simd.js', import.meta.url), { type: 'module' }),
  'simd-threads': () => new Worker(new URL('./worker-simd-threads.js', import.meta.url), { type: 'module' }),
  relaxed: () => new Worker(new URL('./worker-relaxed.js', import.meta.url), { type: 'module' }),
  'relaxed-threads': () => new Worker(new URL('./worker-relaxed-threads.js', import.meta.url), { type: 'module' }),
};

/** Scripts of another origin (a CDN) may be imported but not be workers: such a worker is a one-line module of ours. */
function openWorker(flavour: Flavour): Worker {
  const here = new URL(import.meta.url);
  const page = globalThis.location?.origin;
  if (!here.protocol.startsWith('http') || page === undefined || here.origin === page) return WORKERS[flavour]();
  const script = new URL(`worker-${flavour}.js`, here).href;
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }));
  const worker = new Worker(blob, { type: 'module' });
  worker.addEventListener('message', () => URL.revokeObjectURL(blob), { once: true });
  return worker;
}

/** Resolves once the worker has said hello; its script may be missing, or forbidden by the page's CSP. */
function startWorker(flavour: Flavour): Promise<Port> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) =>
      reject(
        new ResNet50Error('WORKER_FAILED', `the worker did not start: ${why}`, { subject: `worker-${flavour}.js` }),
      );
    let worker: Worker;
    try {
      worker = openWorker(flavour);
    } catch (error) {
      return failed(describe(error));
    }
    const port: Port = {
      onreply: undefined,
      ondeath: undefined,
      post: (message, transfer) => worker.postMessage(message, transfer),
      busy: () => undefined,
      terminate: () => worker.terminate(),
    };
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('hello' in data) resolve(port);
      else port.onreply?.(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message || 'its script could not be loaded';
      failed(why); // without effect once it has started
      port.ondeath?.(why);
      worker.terminate();
    };
  });
}

/** The platform of pages and of users' own workers. */
export const browserPlatform: Platform = {
  limits: BROWSER_LIMITS,
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  noWorker: () => (typeof Worker === 'function' ? undefined : 'there are no workers here'),
  noThreadsInPlace: 'threads need a worker',
  startWorker,
  startInPlace: async (flavour) => (await import('./inplace.js')).startInPlace(flavour),
  findSource: (request) => browserSource(request, import.meta.url),
  wasmFolder: (address) => new URL(address.endsWith('/') ? address : `${address}/`, pageBase()).href,
  openAddress: (address) => new URL(address, pageBase()),
};
