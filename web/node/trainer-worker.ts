/**
 * Node's worker thread of a trainer: a host behind its messages.
 */
import { parentPort } from 'node:worker_threads';
import { TrainerHost } from '../host/training/trainer-host.js';
import type { Request } from '../protocol/messages.js';
import { loadTrainer } from './load-trainer.js';

const port = parentPort;
if (port !== null) {
  const host = new TrainerHost(loadTrainer, (reply, transfer) => port.postMessage(reply, transfer as never[]));
  port.on('message', (request: Request) => void host.receive(request));
  port.postMessage({ hello: true });
}
