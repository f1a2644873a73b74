/**
 * How trainers start in Node, Bun and Deno. Their wasm file lies beside their glue, which knows it.
 */

import { trainerFile } from '../base/package-files.node.js';
import type { ConnectTrainer } from '../client/training-module.js';
import { startTrainerInPlace } from '../host/training/in-place.js';
import { Connection } from '../protocol/connection.js';
import { loadTrainer } from './load-trainer.js';
import { startWorker } from './start-worker.js';

export const connectTrainer: ConnectTrainer = async ({ worker, threads }) => {
  const { port, started = undefined } = worker
    ? startWorker(trainerFile())
    : { port: startTrainerInPlace(loadTrainer) };
  await started;
  return { connection: new Connection(port), wasmFile: null, threads: worker ? threads : 1 };
};
