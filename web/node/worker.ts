/**
 * Node's worker thread: a host behind its messages.
 */
import { parentPort } from 'node:worker_threads';
import { Host } from '../host/host.js';
import type { Request } from '../protocol/messages.js';
import { nodeRealm } from './realm.js';

const port = parentPort;
if (port !== null) {
  const host = new Host(nodeRealm, (reply, transfer) => port.postMessage(reply, transfer as never[]));
  port.on('message', (request: Request) => void host.receive(request));
  port.postMessage({ hello: true });
}
