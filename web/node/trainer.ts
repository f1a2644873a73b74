/**
 * How trainers start in Node, Bun and Deno. Their wasm file lies beside their glue, which knows it.
 */

import type { ConnectTrainer } from '../client/training-module.js';
import { startTrainerInPlace } from '../host/training/inplace-trainer.js';
import { Connection } from '../protocol/connection.js';
import { startWorker } from './start-worker.js';

export const connectTrainer: ConnectTrainer = async ({ worker, threads }) => {
  const script = new URL('./worker-trainer.node.js', import.meta.url);
  return {
    connection: new Connection(await (worker ? startWorker(script) : startTrainerInPlace())),
    wasmFile: null,
    threads: worker ? threads : 1,
  };
};
