/**
 * Threads of a core in browsers: workers that the page starts and connects with the core's worker, port to port, while
 * Emscripten's glue on both sides believes that the core started them.
 */

/** Name of the workers that are threads of a core; Emscripten's glue looks for it. */
export const THREAD_NAME = 'em-pthread';

/** The page's first message to a thread's worker: the way to its core. */
export interface ThreadGreeting {
  core: MessagePort;
}

/** Its first message to the worker of a core with threads: the ways to them. */
export interface ThreadsGreeting {
  threads: MessagePort[];
}

/** The part of a worker's global scope that the glue uses. */
interface ThreadScope {
  addEventListener(type: 'message', listener: (event: MessageEvent<Partial<ThreadGreeting>>) => void): void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** In a thread's worker: what the glue posts goes to the core, and what the core posts goes to the glue. */
export function serveThread(scope: ThreadScope): void {
  scope.addEventListener('message', ({ data: { core } }) => {
    if (core === undefined) return;
    scope.postMessage = (message, transfer = []) => core.postMessage(message, transfer);
    core.onmessage = (event) => scope.onmessage?.(event);
  });
}

/** In the core's worker: a thread, as the glue expects it of a worker that it started. */
export const threadAt = (port: MessagePort): Worker =>
  Object.assign(port, { terminate: () => port.close() }) as unknown as Worker;
