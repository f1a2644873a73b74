/**
 * How trainers start in Node, Bun and Deno. Their wasm file lies beside their glue, which knows it.
 */

import { trainerFile } from '../base/package-files.node.js';
import type { ConnectTrainer } from '../client/training-module.js';
import { TrainerHost } from '../host/training/trainer-host.js';
import { Connection } from '../protocol/connection.js';
import { localPort } from '../protocol/local-port.js';
import { loadTrainer } from './load-trainer.js';
import { startWorker } from './start-worker.js';

const startTrainerInPlace = () => localPort((post) => new TrainerHost(loadTrainer, post));

export const connectTrainer: ConnectTrainer = async ({ worker, threads }) => {
  return {
    connection: new Connection(await (worker ? startWorker(trainerFile()) : startTrainerInPlace())),
    wasmFile: null,
    threads: worker ? threads : 1,
  };
};
