/**
 * How trainers start in browsers. The addresses are written out literally: that is what bundlers look for.
 */

import type { ConnectTrainer } from '../client/training-module.js';
import { Connection } from '../protocol/connection.js';
import { absolute, inFolder } from './assets.js';
import { startWorker } from './start-worker.js';

/** Addresses of a build, sought only where the caller names no folders: plain scripts have no import.meta.url. */
const BUILDS = {
  'trainer-simd': {
    script: () => new URL('./worker-trainer-simd.js', import.meta.url),
    wasm: () => new URL('./wasm/resnet50-trainer-simd.wasm', import.meta.url),
  },
  'trainer-simd-threads': {
    script: () => new URL('./worker-trainer-simd-threads.js', import.meta.url),
    wasm: () => new URL('./wasm/resnet50-trainer-simd-threads.wasm', import.meta.url),
  },
};

export const connectTrainer: ConnectTrainer = async ({ worker, threads: wanted, workerUrl, wasmUrl }) => {
  const threads = worker ? wanted : 1;
  const build = threads > 1 ? 'trainer-simd-threads' : 'trainer-simd';
  const { script, wasm } = BUILDS[build];
  const name = `worker-${build}.js`;
  const wasmFile = wasmUrl === undefined ? absolute(wasm()) : inFolder(wasmUrl, `resnet50-${build}.wasm`);
  const address = () => (workerUrl === undefined ? absolute(script()) : inFolder(workerUrl, name));
  const { port, started = undefined } = worker
    ? startWorker(name, address, threads)
    : { port: await (await import('./inplace-trainer.js')).startInPlace() };
  await started;
  return { connection: new Connection(port), wasmFile, threads };
};
