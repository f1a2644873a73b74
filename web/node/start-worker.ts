/**
 * A worker thread that keeps the process alive only while it has work.
 */
import { Worker } from 'node:worker_threads';
import { describe, ResNet50Error } from '../base/errors.js';
import type { Port, Reply, Starting } from '../protocol/messages.js';

/**
 * Starts a thread, which has when it says hello. `script` is a path: a URL may be of another realm's class (jsdom).
 * @throws ResNet50Error WORKER_FAILED
 */
export function startWorker(script: string, signal?: AbortSignal): Starting {
  const failure = (why: string) => new ResNet50Error('WORKER_FAILED', `the worker did not start: ${why}`);
  let worker: Worker;
  try {
    // No flags of the process: --input-type and its like make a worker fail, and it needs none.
    worker = new Worker(script, { execArgv: [], name: 'resnet50-wasm' });
  } catch (error) {
    throw failure(describe(error));
  }
  let ended = false;
  const port: Port = {
    onreply: undefined,
    ondeath: undefined,
    post: (message, transfer) => worker.postMessage(message, transfer as never[]),
    busy: (busy) => {
      // A reply that comes while the thread ends must not let the process go before terminate() is done.
      if (!ended) busy ? worker.ref() : worker.unref();
    },
    terminate: async () => {
      ended = true;
      await worker.terminate();
    },
  };
  const started = new Promise<void>((resolve, reject) => {
    // Rejects when the thread has ended, which takes milliseconds, whatever it does: nothing is left behind.
    const stop = () => void Promise.resolve(port.terminate()).finally(() => reject(signal?.reason));
    signal?.addEventListener('abort', stop);
    worker.on('message', (reply: Reply) => {
      if ('hello' in reply) {
        signal?.removeEventListener('abort', stop);
        resolve();
      } else port.onreply?.(reply);
    });
    const died = (why: string) => {
      if (ended) return;
      ended = true;
      reject(failure(why)); // without effect once it has started
      port.ondeath?.(why);
    };
    worker.on('error', (error) => died(describe(error)));
    worker.on('messageerror', (error) => {
      died(describe(error));
      void worker.terminate(); // it lives, but a message of it is lost
    });
    worker.on('exit', (code) => died(`exit code ${code}`));
  });
  return { port, started };
}
