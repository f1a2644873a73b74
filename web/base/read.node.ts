/**
 * Reads files that users name, whatever they are: regular files, devices, pipes, /proc. The limit is counted while reading,
 * since only regular files have a size; nothing waits in a way that an abort could not end.
 */
import { close, constants, fstat, open, read } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ResNet50Error } from './errors.js';
import { pathOf } from './file-names.node.js';
import { decodeText, fileError, isSystemError, systemCode, systemError } from './files.node.js';
import { checkBytes } from './limits.js';

/** How to read a file. */
export interface ReadOptions {
  /** Longest content that is taken, bytes. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
  /** Throws for content that is longer. Default: IMAGE_TOO_LARGE. */
  tooLong?: ((path: string, maxBytes: number) => never) | undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);
const readSome = promisify(read);

/** Without O_NONBLOCK, a named pipe that nobody writes to would hold one of libuv's four threads for ever. */
const OPENING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
/** Most bytes of one read: in between, an abort is seen. */
const PIECE = 8 * 2 ** 20;
/** Buffer for content whose end is not known, bytes. */
const PROBE = 65_536;
/** Pause before a device is asked again that has nothing to give yet, milliseconds. */
const PAUSE = 20;

/**
 * The content of a file, in a buffer of its own.
 * @param path may hold bytes that are not UTF-8, as file-names.node.ts keeps them
 * @throws ResNet50Error FILE_NOT_FOUND, IMAGE_TOO_LARGE (or what `tooLong` throws), OUT_OF_MEMORY; the signal's reason
 */
export async function readBytes(path: string, options: ReadOptions): Promise<Bytes> {
  const { signal, maxBytes } = options;
  const tooLong = options.tooLong ?? (() => checkBytes(maxBytes + 1, path, { maxBytes }));
  const collector = new Collector(path, maxBytes, () => tooLong(path, maxBytes));
  await eachPiece(path, {
    signal,
    begin: (size) => collector.expect(size),
    room: () => collector.room(),
    take: (piece) => collector.take(piece),
  });
  return collector.bytes();
}

/** The same as text, in whatever encoding. */
export async function readText(path: string, options: ReadOptions): Promise<string> {
  return decodeText(await readBytes(path, options));
}

/**
 * Standard input to its end.
 * @throws as {@link readBytes}
 */
export async function readStandardInput(options: ReadOptions): Promise<Bytes> {
  const { maxBytes, signal } = options;
  const name = 'standard input';
  const collector = new Collector(name, maxBytes, () => checkBytes(maxBytes + 1, name, { maxBytes }));
  await eachChunk(process.stdin, signal, (piece) => collector.take(piece));
  return collector.bytes();
}

/** Longest line of a list of names, bytes. */
const MAX_LINE = 65_536;

const noList = (what: string): ResNet50Error =>
  new ResNet50Error('INVALID_ARGUMENT', `standard input ${what}`, { subject: 'standard input' });

/**
 * The lines of standard input that are not empty, without their ends. Only '\n' and '\r\n' end a line. UTF-8, or UTF-16 if it
 * begins with that mark, as PowerShell writes it.
 * @param decode text of a line in UTF-8, whose bytes may be others: names of files are
 * @throws ResNet50Error INVALID_ARGUMENT for what is no list of names
 */
export async function* linesOfStandardInput(decode: (line: Uint8Array) => string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let wide: TextDecoder | undefined;
  let first = true;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    if (first && chunk[0] === 0xff && chunk[1] === 0xfe) wide = new TextDecoder('utf-16le');
    const utf8 = wide === undefined ? chunk : Buffer.from(wide.decode(chunk, { stream: true }));
    const text = first && utf8.subarray(0, 3).equals(MARK) ? utf8.subarray(3) : utf8;
    first = false;
    if (text.includes(0)) throw noList(NUL_ADVICE);
    rest = Buffer.concat([rest, text]);
    const end = rest.lastIndexOf(LINE_FEED) + 1;
    yield* namesAmong(rest.subarray(0, end), decode);
    rest = rest.subarray(end);
    if (rest.length > MAX_LINE) throw noList(`has a line of more than ${MAX_LINE} bytes: give one name a line`);
  }
  yield* namesAmong(rest, decode);
}

const LINE_FEED = 10;
/** Byte order mark in UTF-8. */
const MARK = Buffer.of(0xef, 0xbb, 0xbf);
const NUL_ADVICE =
  "has NUL characters, so it is no list with one name a line (give a picture on standard input by the name '-'; leave out find's -print0)";

function* namesAmong(lines: Buffer, decode: (line: Uint8Array) => string): Generator<string> {
  for (let at = 0; at < lines.length; ) {
    const found = lines.indexOf(LINE_FEED, at);
    const end = found < 0 ? lines.length : found;
    const line = decode(lines.subarray(at, end)).replace(/\r$/, '');
    if (line !== '') yield line;
    at = end + 1;
  }
}

/** How a file is gone through: each piece before the next is read. */
export interface Reader {
  signal?: AbortSignal | undefined;
  /** Called first, with the size of a regular file. */
  begin?: (size: number) => void;
  /** Where the next piece should go; without, or if empty, into a buffer that is used again. */
  room?: () => Uint8Array;
  take(piece: Uint8Array): void;
}

/**
 * Goes through a file without holding it in memory.
 * @throws ResNet50Error FILE_NOT_FOUND; the signal's reason; what the reader throws
 */
export async function eachPiece(path: string, reader: Reader): Promise<void> {
  const { signal } = reader;
  signal?.throwIfAborted();
  try {
    const file = await openFile(pathOf(path), OPENING);
    const stats = await statFile(file).catch(async (error) => {
      await closeFile(file);
      throw error;
    });
    if (stats.isFIFO()) return await eachChunk(new Socket({ fd: file, writable: false }), signal, reader.take);
    try {
      if (stats.isDirectory()) throw systemError('EISDIR');
      if (stats.isFile()) reader.begin?.(stats.size);
      await eachRead(file, reader);
    } finally {
      await closeFile(file);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (systemCode(error) === 'ENXIO' && isStandardInput(path)) return eachChunk(process.stdin, signal, reader.take);
    throw isSystemError(error) ? fileError(path, error) : error;
  }
}

/** A socket as standard input has a name, but cannot be opened by it. */
const isStandardInput = (path: string): boolean =>
  ['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'].includes(resolve(path));

async function eachRead(file: number, { signal, room, take }: Reader): Promise<void> {
  const spare = new Uint8Array(PROBE);
  for (;;) {
    signal?.throwIfAborted();
    const free = room?.() ?? spare;
    const buffer = free.length === 0 ? spare : free.subarray(0, PIECE);
    const bytes = await readSome(file, buffer, 0, buffer.length, null).then(
      ({ bytesRead }) => bytesRead,
      (error) => {
        if (systemCode(error) === 'EAGAIN') return undefined;
        throw error;
      },
    );
    if (bytes === 0) return;
    if (bytes === undefined) await new Promise((wake) => setTimeout(wake, PAUSE));
    else take(buffer.subarray(0, bytes));
  }
}

/** Pipes and sockets, which the event loop waits for, not a thread. */
async function eachChunk(
  stream: NodeJS.ReadableStream & { destroy?: (error?: Error) => unknown },
  signal: AbortSignal | undefined,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const stop = () => stream.destroy?.();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (!signal?.aborted) for await (const chunk of stream) take(chunk as Buffer);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
  signal?.throwIfAborted();
}

/** Bytes on their way into one buffer: of the right length at once if the size is known. */
class Collector {
  #buffer: Bytes = new Uint8Array();
  #length = 0;

  constructor(
    private readonly name: string,
    private readonly maxBytes: number,
    private readonly tooLong: () => void,
  ) {}

  /** The size that the file says it has. Files of /proc say 0. */
  expect(size: number): void {
    if (size > this.maxBytes) this.tooLong();
    this.#grow(size);
  }

  /** The rest of the buffer. */
  room(): Bytes {
    return this.#buffer.subarray(this.#length);
  }

  /** Takes a piece, which may lie in the buffer already. */
  take(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.maxBytes) this.tooLong();
    if (length > this.#buffer.length) this.#grow(Math.max(length, Math.min(this.maxBytes, 2 * this.#buffer.length)));
    if (piece.buffer !== this.#buffer.buffer) this.#buffer.set(piece, this.#length);
    this.#length = length;
  }

  bytes(): Bytes {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.slice(0, this.#length);
  }

  #grow(length: number): void {
    try {
      const larger = new Uint8Array(length);
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    } catch (cause) {
      const message = `there is no memory for the ${length} bytes of ${this.name}`;
      throw new ResNet50Error('OUT_OF_MEMORY', message, { subject: this.name, cause });
    }
  }
}
