/**
 * Realms that allow neither workers nor dynamic import: both single-threaded cores are imported statically.
 */

import { ResNet50Error } from '../base/errors.js';
import * as extras from '../client/extras.js';
import { BROWSER_LIMITS } from '../client/input-checks.js';
import type { Platform } from '../client/platform.js';
import type { ConnectTrainer } from '../client/training-module.js';
import { startHostInPlace } from '../host/in-place.js';
import { fcParameter, readHead, save } from '../training/heads.js';
import { fitModel, placeFirst } from '../training/own-head.js';
import { wasmFile } from './assets.js';
import { browserRealm } from './realm.js';
import { browserSource, pageBase } from './source.js';
import relaxed from './wasm/resnet50-relaxed.mjs';
import simd from './wasm/resnet50-simd.mjs';

const NO_WORKER = 'this entry of the package works in place';

const connectTrainer: ConnectTrainer = async () => {
  const elsewhere =
    "this entry of the package has no trainer: fit in a page or in Node.js and load the head, or use method 'knn'";
  throw new ResNet50Error('WORKER_FAILED', elsewhere);
};

/** The platform of service workers and edge runtimes. */
export const staticPlatform: Platform = {
  limits: BROWSER_LIMITS,
  cores: () => 1,
  noWorker: () => NO_WORKER,
  noThreadsInPlace: NO_WORKER,
  startWorker: () => {
    throw new ResNet50Error('WORKER_FAILED', NO_WORKER);
  },
  startInPlace: async () => startHostInPlace(browserRealm(async (flavour) => (flavour === 'relaxed' ? relaxed : simd))),
  loadExtras: async () => extras,
  loadTraining: async () => ({ fitModel, placeFirst, readHead, save, fcParameter, connectTrainer }),
  findSource: (request) => browserSource(request, import.meta.url),
  wasmFile,
  openAddress: (address) => new URL(address, pageBase()),
};
