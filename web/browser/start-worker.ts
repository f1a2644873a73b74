/**
 * Workers of a page: the one of a core, and those that are the core's threads.
 */
import { describe, ResNet50Error } from '../base/errors.js';
import type { Port, Reply, Starting } from '../protocol/messages.js';
import { THREAD_NAME } from './threads.js';

/** A worker that was started, and how to end it. */
interface Opened {
  worker: Worker;
  end(): void;
}

/**
 * A worker's script must come from the page's own origin. One from elsewhere (a CDN) may be imported, though, so such a
 * worker is a one-line module of ours.
 */
function openWorker(script: string, options: WorkerOptions = {}): Opened {
  const page = globalThis.location?.origin;
  const foreign = page !== undefined && new URL(script).origin !== page && script.startsWith('http');
  const address = foreign
    ? URL.createObjectURL(new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }))
    : script;
  const worker = new Worker(address, { ...options, type: 'module' });
  const end = () => {
    worker.terminate();
    if (foreign) URL.revokeObjectURL(address);
  };
  return { worker, end };
}

/**
 * The worker of a core and those that are its threads, which a port each connects with it. The core could start them by
 * itself, but in Firefox (153) the constructor of a worker in a worker now and then never returns.
 */
function openWorkers(script: string, threads: number): Opened[] {
  const opened: Opened[] = [];
  try {
    opened.push(openWorker(script));
    const ports = Array.from({ length: threads - 1 }, () => {
      const thread = openWorker(script, { name: THREAD_NAME });
      opened.push(thread);
      const { port1, port2 } = new MessageChannel();
      thread.worker.postMessage({ core: port1 }, [port1]);
      return port2;
    });
    if (ports.length > 0) opened[0]?.worker.postMessage({ threads: ports }, ports);
    return opened;
  } catch (error) {
    for (const { end } of opened) end();
    throw error;
  }
}

/** How long a worker may take to free its network; it may be in the middle of a picture. */
const FAREWELL_MS = 1000;

/**
 * Starts a worker, which has when it says hello; its script may be missing, or forbidden by the page's CSP.
 * @param address of the script, where it is known
 * @param threads of its core
 * @throws ResNet50Error WORKER_FAILED
 */
export function startWorker(name: string, address: () => string, threads = 1, signal?: AbortSignal): Starting {
  const failure = (why: string) =>
    new ResNet50Error('WORKER_FAILED', `the worker did not start: ${why}`, { subject: name });
  let opened: Opened[];
  try {
    opened = openWorkers(address(), threads);
  } catch (error) {
    throw failure(describe(error));
  }
  const [{ worker }] = opened as [Opened];
  let hasEnded = false;
  let ended: () => void = () => undefined;
  const end = () => {
    for (const one of opened) one.end();
    hasEnded = true;
    ended();
  };
  const port: Port = {
    onreply: undefined,
    ondeath: undefined,
    post: (message, transfer) => worker.postMessage(message, transfer),
    busy: () => undefined,
    // Threads that sleep in wasm are deaf to terminate() and keep all memory for seconds: the core joins them first.
    terminate: () =>
      new Promise((resolve) => {
        if (hasEnded) return resolve();
        const timer = setTimeout(end, FAREWELL_MS);
        ended = () => {
          clearTimeout(timer);
          resolve();
        };
        worker.postMessage({ farewell: true });
      }),
  };
  const started = new Promise<void>((resolve, reject) => {
    const stop = () => {
      reject(signal?.reason);
      end();
    };
    signal?.addEventListener('abort', stop);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('hello' in data) {
        signal?.removeEventListener('abort', stop);
        resolve();
      } else if ('farewell' in data) end();
      else port.onreply?.(data);
    };
    for (const one of opened) {
      one.worker.onerror = (event) => {
        event.preventDefault();
        const why = event.message || 'its script could not be loaded';
        reject(failure(why)); // without effect once it has started
        port.ondeath?.(why);
        end();
      };
    }
  });
  return { port, started };
}
