/**
 * How trainers start in Node, Bun and Deno. Their wasm file lies beside their glue, which knows it.
 */

import { startTrainerInPlace } from '../host/training/inplace-trainer.js';
import { Connection } from '../protocol/connection.js';
import type { ConnectTrainer } from '../training/fit.js';
import { startWorker } from './platform.js';

export const connectTrainer: ConnectTrainer = async ({ worker, threads }) => {
  const script = new URL('./worker-trainer.node.js', import.meta.url);
  return {
    connection: new Connection(await (worker ? startWorker(script) : startTrainerInPlace())),
    wasmFile: null,
    threads: worker ? threads : 1,
  };
};
