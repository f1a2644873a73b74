/**
 * A port to a host in the same thread: the same messages without a worker between.
 */
import type { Port, Reply } from './messages.js';
import type { Receiver } from './receiver.js';

/** A port to a host in place. Buffers are handed over, not copied. */
export function localPort(makeHost: (post: (reply: Reply) => void) => Receiver<never>): Port {
  let open = true;
  const host = makeHost((reply) => {
    // As with a worker, replies never come before the call that caused them has returned.
    queueMicrotask(() => {
      if (open) port.onreply?.(reply);
    });
  });
  const port: Port = {
    onreply: undefined,
    ondeath: undefined,
    post: (request) => void host.receive(request),
    busy: () => undefined,
    terminate: () => {
      open = false;
      host.dispose();
    },
  };
  return port;
}
