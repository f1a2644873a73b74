/**
 * The body of a browser's worker: a host behind this worker's own messages, or a thread of another's core.
 */
import type { CoreFactory } from '../core/start.js';
import { Host } from '../host/host.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { Post, Receiver } from '../protocol/receiver.js';
import { browserRealm } from './realm.js';
import { serveThread, THREAD_NAME, type ThreadsGreeting, threadAt } from './threads.js';

interface WorkerScope {
  name: string;
  close(): void;
  postMessage(message: Reply, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request | ThreadsGreeting>) => void) | null;
}

/** Serves one flavour from this worker. */
export const serve = (factory: CoreFactory): void =>
  listen(
    factory,
    (threaded, post) =>
      new Host(
        browserRealm(async () => threaded),
        post,
      ),
  );

/** Serves what `open` makes of a core whose threads can start. */
export function listen(factory: CoreFactory, open: (threaded: CoreFactory, post: Post) => Receiver<never>): void {
  const scope = globalThis as unknown as WorkerScope;
  if (scope.name === THREAD_NAME) {
    serveThread(globalThis as unknown as Parameters<typeof serveThread>[0]);
    return;
  }
  const threads: Worker[] = [];
  const startThread = () => threads.pop() as Worker; // the page sent as many as the core will ask for
  const host = open(
    (options) => factory({ ...options, startThread }),
    (reply, transfer) => scope.postMessage(reply, transfer),
  );
  scope.onmessage = ({ data }) => {
    if ('threads' in data) threads.push(...data.threads.map(threadAt));
    else void host.receive(data);
    if (!('farewell' in data)) return;
    scope.postMessage({ farewell: true }, []);
    scope.close();
  };
  scope.postMessage({ hello: true }, []);
}
