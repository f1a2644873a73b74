/**
 * Browsers: workers, weights over HTTP. Runs in pages and in workers alike.
 */

import { BROWSER_LIMITS } from '../client/input-checks.js';
import type { Platform } from '../client/platform.js';
import { wasmFile, workerScript } from './assets.js';
import { browserSource, pageBase } from './source.js';
import { startWorker } from './start-worker.js';

/** The platform of pages and of users' own workers. */
export const browserPlatform: Platform = {
  limits: BROWSER_LIMITS,
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  noWorker: () => (typeof Worker === 'function' ? undefined : 'there are no workers here'),
  noThreadsInPlace: 'threads need a worker',
  startWorker: (flavour, folder, threads, signal) =>
    startWorker(`worker-${flavour}.js`, () => workerScript(flavour, folder), threads, signal),
  startInPlace: async (flavour) => (await import('./inplace.js')).startInPlace(flavour),
  loadExtras: () => import('./extras.js'),
  loadTraining: () => import('./training.js'),
  findSource: (request) => browserSource(request, import.meta.url),
  wasmFile,
  openAddress: (address) => new URL(address, pageBase()),
};
