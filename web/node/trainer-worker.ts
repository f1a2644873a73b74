/**
 * Node's worker thread of a trainer: a host behind its messages.
 */
import { parentPort } from 'node:worker_threads';
import { TrainerHost } from '../host/training/trainer-host.js';
import type { Request } from '../protocol/messages.js';

const port = parentPort;
if (port !== null) {
  const load = async (threads: number) =>
    (
      await (threads > 1
        ? import('./wasm/resnet50-trainer-simd-threads.mjs')
        : import('./wasm/resnet50-trainer-simd.mjs'))
    ).default;
  const host = new TrainerHost(load, (reply, transfer) => port.postMessage(reply, transfer as never[]));
  port.on('message', (request: Request) => void host.receive(request));
  port.postMessage({ hello: true });
}
