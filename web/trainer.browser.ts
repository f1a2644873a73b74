/**
 * How trainers start in browsers. The addresses are written out literally: that is what bundlers look for.
 */
import { absolute, inFolder } from './assets.browser.js';
import { Connection } from './connection.js';
import type { ConnectTrainer } from './fit.js';
import { startWorker } from './platform.browser.js';

const WORKER = 'worker-trainer-simd.js';
const WASM = 'resnet50-trainer-simd.wasm';

export const connectTrainer: ConnectTrainer = async ({ worker, workerUrl, wasmUrl }) => {
  const script = () =>
    workerUrl === undefined
      ? absolute(new URL('./worker-trainer-simd.js', import.meta.url))
      : inFolder(workerUrl, WORKER);
  const wasmFile =
    wasmUrl === undefined
      ? absolute(new URL('./wasm/resnet50-trainer-simd.wasm', import.meta.url))
      : inFolder(wasmUrl, WASM);
  const port = await (worker
    ? startWorker(WORKER, script)
    : (await import('./inplace-trainer.js')).startTrainerInPlace());
  // Threads would need a worker of their own kind, as the network's have (platform.browser.ts).
  return { connection: new Connection(port), wasmFile, threads: false };
};
