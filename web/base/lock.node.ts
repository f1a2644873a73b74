/**
 * One process at a time, by a lock that the operating system takes back however its holder ends: a socket that only one
 * can listen at. Not seen by other machines (or containers) that share a disk.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from './files.node.js';

/** Pause before a taken lock is tried again, milliseconds. */
const PAUSE = 200;

/** Where the holder listens: names without files where the system has them, as these vanish with the process. */
function addressOf(subject: string): string {
  const name = `resnet50-wasm-${createHash('sha256').update(subject).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** How to wait for a lock. */
export interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Called once if another process has it. */
  onWait?: (() => void) | undefined;
}

/**
 * Works while no other process works on the same subject (a path).
 * @throws the signal's reason; what `work` throws
 */
export async function locked<T>(subject: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const server = await take(addressOf(subject), options);
  try {
    return await work();
  } finally {
    server?.close();
  }
}

async function take(address: string, { signal, onWait }: LockOptions): Promise<Server | undefined> {
  for (let waited = false; ; waited = true) {
    signal?.throwIfAborted();
    try {
      return await listen(address);
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE') return undefined; // no such sockets here: as good as no other process
    }
    if (address.endsWith('.sock') && !(await isHeld(address))) {
      await rm(address, { force: true });
      continue;
    }
    if (!waited) onWait?.();
    await sleep(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => resolve(server));
  });
}

/** False for the socket of a process that was killed. */
function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
