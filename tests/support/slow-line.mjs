// A slow line to a server of this machine, for all browsers and all their workers alike.
import { connect, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/** Lines by name: what Chromium's developer tools call fast and slow 4G, bytes per second and milliseconds there and back. */
export const LINES = {
  '4g': { speed: 1_012_500, roundTrip: 165 },
  'slow-4g': { speed: 180_000, roundTrip: 562 },
};

/** How late timers may be, milliseconds. */
const LATE_MS = 20;

/** What passes through leaves `delay` milliseconds later, in order. */
function delayed(delay) {
  if (delay === 0) return new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) });
  const later = new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), delay);
      done();
    },
    flush: (done) => void setTimeout(done, delay),
  });
  return later;
}

/**
 * Passes everything on to a server, and what it answers at a speed that all connections share.
 * @param {string} url of the server
 * @param {number} speed bytes per second
 * @param {number} [roundTrip] milliseconds that a request and the beginning of its answer take on the way, and the opening
 *   of a connection as many again
 * @returns the same address on the slow line, `setSpeed`, and `close`
 */
export async function slowLine(url, speed, roundTrip = 0) {
  let free = 0; // when the line has sent what was given to it, ms
  const slowed = () =>
    new Transform({
      async transform(chunk, _encoding, done) {
        // A timer that is late must not slow the line down.
        free = Math.max(free, performance.now() - LATE_MS) + (chunk.length / speed) * 1000;
        await pause(free - performance.now());
        done(null, chunk);
      },
    });
  const sockets = new Set();
  const server = createServer(async (client) => {
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
    if (roundTrip > 0) await pause(roundTrip);
    client.pipe(delayed(roundTrip / 2)).pipe(upstream);
    upstream
      .pipe(slowed())
      .pipe(delayed(roundTrip / 2))
      .pipe(client);
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
