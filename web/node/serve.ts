/**
 * The body of Node's worker threads: a receiver behind its messages.
 */
import { parentPort } from 'node:worker_threads';
import type { Request } from '../protocol/messages.js';
import type { Post, Receiver } from '../protocol/receiver.js';

/** Serves what `open` makes. */
export function serve(open: (post: Post) => Receiver<never>): void {
  const port = parentPort;
  if (port === null) return; // loaded in the main thread
  const receiver = open((reply, transfer) => port.postMessage(reply, transfer as never[]));
  port.on('message', (request: Request) => void receiver.receive(request));
  port.postMessage({ hello: true });
}
