/**
 * The body of a browser's worker: a host behind this worker's own messages.
 */
import { type CoreFactory, THREAD_NAME } from './engine.js';
import { browserHost } from './host.browser.js';
import { Host } from './host.js';
import type { Reply, Request } from './protocol.js';

interface WorkerScope {
  name: string;
  close(): void;
  postMessage(message: Reply, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}

/** Whatever answers requests. */
interface Receiver {
  receive(request: Request): Promise<void>;
}

/** Serves one flavour from this worker. */
export const serve = (factory: CoreFactory): void =>
  listen(
    factory,
    (threaded, post) =>
      new Host(
        browserHost(async () => threaded),
        post,
      ),
  );

/** Serves what `open` makes of a core whose threads can start. */
export function listen(
  factory: CoreFactory,
  open: (threaded: CoreFactory, post: (reply: Reply, transfer: Transferable[]) => void) => Receiver,
): void {
  const scope = globalThis as unknown as WorkerScope;
  if (scope.name === THREAD_NAME) return; // this worker is a thread of another's core: the glue serves it
  const startThread = () => new Worker(globalThis.location.href, { type: 'module', name: THREAD_NAME });
  const host = open(
    (options) => factory({ ...options, startThread }),
    (reply, transfer) => scope.postMessage(reply, transfer),
  );
  scope.onmessage = ({ data }) => {
    void host.receive(data);
    if (!('farewell' in data)) return;
    scope.postMessage({ farewell: true }, []);
    scope.close();
  };
  scope.postMessage({ hello: true }, []);
}
