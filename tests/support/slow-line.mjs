// A slow line to a server of this machine, for all browsers alike.
import { connect, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Passes everything on to a server, and what it answers at a speed that all connections share.
 * @param {string} url of the server
 * @param {number} speed bytes per second
 * @returns the same address on the slow line, `setSpeed`, and `close`
 */
export async function slowLine(url, speed) {
  let free = 0; // when the line has sent what was given to it, ms
  const slowed = () =>
    new Transform({
      async transform(chunk, _encoding, done) {
        free = Math.max(free, performance.now()) + (chunk.length / speed) * 1000;
        await pause(free - performance.now());
        done(null, chunk);
      },
    });
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(new URL(url).port, new URL(url).hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(slowed()).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const slow = new URL(url);
  slow.port = server.address().port;
  return {
    url: slow.href,
    setSpeed(bytesPerSecond) {
      speed = bytesPerSecond;
      free = 0;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
