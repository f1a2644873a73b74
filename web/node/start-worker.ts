/**
 * A worker thread that keeps the process alive only while it has work.
 */
import { Worker } from 'node:worker_threads';
import { describe, ResNet50Error } from '../base/errors.js';
import type { Port, Reply } from '../protocol/messages.js';

/**
 * Resolves once the worker has said hello; rejects with the signal's reason if that aborts before. `script` is a path: a URL
 * may be of another realm's class (jsdom).
 */
export function startWorker(script: string, signal?: AbortSignal): Promise<Port> {
  return new Promise((resolvePort, reject) => {
    let worker: Worker;
    const failed = (why: string) => reject(new ResNet50Error('WORKER_FAILED', `the worker did not start: ${why}`));
    try {
      // No flags of the process: --input-type and its like make a worker fail, and it needs none.
      worker = new Worker(script, { execArgv: [], name: 'resnet50-wasm' });
    } catch (error) {
      return failed(describe(error));
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
    // Rejects when the thread has ended, which takes milliseconds, whatever it does: nothing is left behind.
    const stop = () => void Promise.resolve(port.terminate()).finally(() => reject(signal?.reason));
    signal?.addEventListener('abort', stop);
    worker.on('message', (reply: Reply) => {
      if ('hello' in reply) {
        signal?.removeEventListener('abort', stop);
        resolvePort(port);
      } else port.onreply?.(reply);
    });
    const died = (why: string) => {
      if (ended) return;
      ended = true;
      failed(why); // without effect once it has started
      port.ondeath?.(why);
    };
    worker.on('error', (error) => died(describe(error)));
    worker.on('messageerror', (error) => {
      died(describe(error));
      void worker.terminate(); // it lives, but a message of it is lost
    });
    worker.on('exit', (code) => died(`exit code ${code}`));
  });
}
