/**
 * Writes results: a regular file is there whole or not at all, through a temporary file beside it. What is no regular file (a
 * device, a pipe, the standard output) is written into; symbolic links are followed, not replaced.
 */
import { createHash, randomBytes } from 'node:crypto';
import { close, constants, open as openDescriptor, rmSync, type Stats, write } from 'node:fs';
import {
  access,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { cannotWrite, systemCode, systemError, writeError } from './files.node.js';

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const TEMPORARY = /^\.resnet50-wasm-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp$/;
/** After so long, milliseconds, a temporary file of another machine is one that nobody writes any more. */
const ABANDONED = 86_400_000;
/** Pause before a pipe is asked again that nobody reads yet, or that is full, milliseconds. */
const PAUSE = 20;
/** Links of links that are followed, as Linux has it. */
const MAX_LINKS = 40;

/** Temporary files and folders of this process. */
const alive = new Set<string>();

/** A name beside `path` for what is to bear its name in the end; its length does not depend on that of `path`. */
export function temporaryName(path: string): string {
  const name = `.resnet50-wasm-${HOST}-${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const temporary = join(dirname(path), name);
  alive.add(temporary);
  return temporary;
}

/** Forgets a temporary file or folder, and removes it where it still is. */
export async function discard(temporary: string): Promise<void> {
  await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  alive.delete(temporary);
}

/** For a process that is about to end by a signal. */
export function discardAll(): void {
  for (const path of alive) rmSync(path, { recursive: true, force: true });
}

/** True for names that {@link temporaryName} gives. */
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** Removes from a folder what processes have left half-written that were killed. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host, pid] = TEMPORARY.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(folder, name);
    const left = host === HOST ? !isRunning(Number(pid)) : await isOld(path);
    if (left) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

const isOld = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > ABANDONED,
    () => false,
  );

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/** Where a result goes. */
interface Target {
  /** The path behind all links. */
  path: string;
  /** True for what is there and no regular file: it is written into. */
  straight: boolean;
  /** The descriptor of this process that the path means. */
  descriptor?: number;
  /** Permissions of the file that is there. */
  mode?: number;
}

const OWN_DESCRIPTOR = new RegExp(`^/(?:dev|proc/self|proc/thread-self|proc/${process.pid})/fd/(\\d+)$`);

/** The path behind links of links, whether anything is there or not; `until` stops at a path that it matches. */
export async function linkEnd(given: string, until = /^$/): Promise<string> {
  let path = resolve(given);
  for (let links = 0; links < MAX_LINKS; links++) {
    if (until.test(path)) return path;
    const stats = await unlessMissing(lstat(path));
    if (!stats?.isSymbolicLink()) return path;
    path = resolve(await realpath(dirname(path)), await readlink(path));
  }
  throw systemError('ELOOP');
}

async function targetOf(given: string): Promise<Target> {
  if (given.endsWith('/') || given.endsWith(sep)) throw systemError('EISDIR'); // resolve() would take a file of that name
  const path = await linkEnd(given, OWN_DESCRIPTOR);
  const descriptor = OWN_DESCRIPTOR.exec(path)?.[1];
  if (descriptor !== undefined) return { path, straight: true, descriptor: Number(descriptor) };
  const stats = await unlessMissing(stat(given)); // other processes' descriptors lead where no path does
  return stats === undefined ? { path, straight: false } : existingTarget(path, stats);
}

async function existingTarget(path: string, stats: Stats): Promise<Target> {
  if (stats.isDirectory()) throw systemError('EISDIR');
  if (!stats.isFile()) return { path, straight: true };
  await access(path, constants.W_OK); // renaming over it would ask for the folder's permission only
  return { path, straight: false, mode: stats.mode & 0o7777 };
}

const unlessMissing = (asked: Promise<Stats>): Promise<Stats | undefined> =>
  asked.catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });

/** True for paths that lead to this process's standard output, which is to hold the result and nothing else. */
export async function isStandardOutput(path: string): Promise<boolean> {
  return (await targetOf(path).catch(() => undefined))?.descriptor === 1;
}

/** The part of a FileHandle that results are written through. */
interface Sink {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
}

/** For what cannot be written at any position: all of it waits in memory. */
class Memory implements Sink {
  #bytes = new Uint8Array();
  #length = 0;

  async write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    const end = position + length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(offset, offset + length), position);
    this.#length = Math.max(this.#length, end);
    return { bytesWritten: length };
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** A result on its way into its file. */
export class ResultFile {
  readonly #sink: FileHandle | Memory;

  private constructor(
    private readonly given: string,
    private readonly target: Target,
    private readonly temporary: string,
    sink: FileHandle | Memory,
  ) {
    this.#sink = sink;
  }

  /** @throws ResNet50Error CANNOT_WRITE, so before any work was done in vain */
  static async create(given: string): Promise<ResultFile> {
    let temporary = '';
    try {
      const target = await targetOf(given);
      if (target.straight) return new ResultFile(given, target, temporary, new Memory());
      await sweep(dirname(target.path));
      temporary = temporaryName(target.path);
      return new ResultFile(given, target, temporary, await open(temporary, 'wx'));
    } catch (error) {
      alive.delete(temporary);
      throw writeError(given, error);
    }
  }

  /** Writes all of the bytes: a disk that fills up takes a part of them without an error. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const writing = this.#sink.write(bytes, done, bytes.length - done, position + done);
      done += (await writing.catch(cannotWrite(this.given))).bytesWritten;
    }
  }

  /**
   * Puts the file in its place.
   * @param durable false where it need not outlive a power failure
   * @throws ResNet50Error CANNOT_WRITE; what was there is then as before
   */
  async commit(durable = true): Promise<void> {
    const { path, mode } = this.target;
    const sink = this.#sink;
    try {
      if (sink instanceof Memory) return await writeStraight(this.target, sink.bytes());
      if (mode !== undefined) await sink.chmod(mode);
      if (durable) await sink.sync();
      await sink.close();
      await rename(this.temporary, path);
      if (durable) await syncFolder(dirname(path));
    } catch (error) {
      throw writeError(this.given, error);
    } finally {
      await this.abandon();
    }
  }

  /** Gives up: nothing is left behind. After {@link commit} it does nothing. */
  async abandon(): Promise<void> {
    if (this.#sink instanceof Memory) return;
    await this.#sink.close().catch(() => undefined);
    await discard(this.temporary);
  }
}

/** How to write a result. */
export interface WriteOptions {
  /** Makes the folders on the way there. */
  folders?: boolean;
  /** False where it need not outlive a power failure. */
  durable?: boolean;
}

/**
 * Writes a result so that it is there whole or not at all.
 * @throws ResNet50Error CANNOT_WRITE
 */
export async function writeResult(
  path: string,
  content: Uint8Array | string,
  { folders = false, durable = true }: WriteOptions = {},
): Promise<void> {
  if (folders) await mkdir(dirname(path), { recursive: true }).catch(cannotWrite(path));
  const file = await ResultFile.create(path);
  try {
    await file.write(typeof content === 'string' ? new TextEncoder().encode(content) : content, 0);
  } catch (error) {
    await file.abandon();
    throw error;
  }
  await file.commit(durable);
}

/** Makes the names in a folder outlive a power failure, on file systems that know of that. */
export async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, 'r').catch(() => undefined); // Windows opens no folders
  try {
    await file?.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'ENOTSUP', 'EBADF'].includes(systemCode(error))) throw error;
  } finally {
    await file?.close();
  }
}

const openFile = promisify(openDescriptor);
const closeFile = promisify(close);
const writeSome = promisify(write);

async function writeStraight({ path, descriptor }: Target, bytes: Uint8Array): Promise<void> {
  const flags = constants.O_WRONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
  // A pipe that nobody reads yet: without O_NONBLOCK, waiting for a reader would hold a thread of libuv.
  const file = descriptor ?? (await patiently('ENXIO', () => openFile(path, flags)));
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await patiently('EAGAIN', () => writeSome(file, bytes, done))).bytesWritten;
    }
  } finally {
    if (descriptor === undefined) await closeFile(file);
  }
}

/** Tries again while it fails with this code. */
async function patiently<T>(code: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (systemCode(error) !== code) throw error;
      await new Promise((wake) => setTimeout(wake, PAUSE));
    }
  }
}
