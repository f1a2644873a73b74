/**
 * The body of a browser's worker: a host behind this worker's own messages.
 */
import type { CoreFactory } from './engine.js';
import { browserHost } from './host.browser.js';
import { Host } from './host.js';
import type { Reply, Request } from './protocol.js';

interface WorkerScope {
  postMessage(message: Reply, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}

/** Serves one flavour from this worker. */
export function serve(factory: CoreFactory): void {
  const scope = globalThis as unknown as WorkerScope;
  const host = new Host(
    browserHost(async () => factory),
    (reply, transfer) => scope.postMessage(reply, transfer),
  );
  scope.onmessage = ({ data }) => void host.receive(data);
  scope.postMessage({ hello: true }, []);
}
