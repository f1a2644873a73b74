/**
 * One file over HTTP: resumed after dropped connections, retried with back-off, verified before anyone sees it.
 */
import { describe, ResNet50Error } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { looksLikeHtml } from './manifest.js';

/** What to fetch and what it must be. */
export interface Download {
  url: string;
  /** Exact length in bytes. */
  bytes: number;
  /** 64 lower-case hex digits. */
  sha256: string;
}

/** How to fetch it. */
export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Bytes that have arrived so far; never decreases. */
  onBytes?: ((received: number) => void) | undefined;
  /** What to do with the HTTP cache: 'no-store' where the caller keeps the file itself. Default 'default'. */
  cache?: 'default' | 'no-store';
  /** Attempts without a single new byte before giving up. Default 5. */
  attempts?: number;
  /** First pause before a retry in milliseconds, doubled each time. Default 250. */
  pause?: number;
  /** Longest silence of a connection in milliseconds. Default 30 000. */
  stall?: number;
}

/** A failure that another attempt may cure. */
class Transient extends Error {
  constructor(
    message: string,
    readonly waitMs = 0,
  ) {
    super(message);
  }
}

const MAX_PAUSE_MS = 10_000;
const HOPEFUL_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/**
 * The bytes of a file whose length and hash are known beforehand.
 * @throws ResNet50Error FETCH_FAILED, WEIGHTS_HASH_MISMATCH; the signal's reason
 */
export async function download(file: Download, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const state = { buffer: allocate(file), received: 0, reported: 0, etag: '', fresh: false };
  let fruitless = 0;
  let mismatches = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const before = state.reported;
    try {
      await receive(file, state, options);
      if ((await sha256(state.buffer)) === file.sha256) return state.buffer;
      // The likeliest cause is a stale or mixed copy in some cache on the way: once more, past all caches.
      if (++mismatches > 1) throw hashMismatch(file.url);
      Object.assign(state, { received: 0, etag: '', fresh: true });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof Transient)) throw error;
      fruitless = state.reported > before ? 0 : fruitless + 1;
      if (fruitless >= (options.attempts ?? 5)) throw fetchFailed(file.url, error.message, error);
      await sleep(pauseBefore(fruitless, error.waitMs, options.pause ?? 250), options.signal);
    }
  }
}

/** Room for the file. A manifest may promise more than there is. */
function allocate(file: Download): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(file.bytes);
  } catch (cause) {
    const message = `no memory for the ${file.bytes} bytes that the manifest promises of ${file.url}`;
    throw new ResNet50Error('OUT_OF_MEMORY', message, { subject: file.url, cause });
  }
}

/** Exponential back-off with jitter, no shorter than the server asked for (within reason). */
function pauseBefore(failures: number, asked: number, first: number): number {
  const backOff = first * 2 ** Math.max(0, failures - 1) * (0.5 + Math.random());
  return Math.min(MAX_PAUSE_MS, Math.max(asked, backOff));
}

/** The error for bytes that are not what the manifest promises. */
export const hashMismatch = (subject: string): ResNet50Error =>
  new ResNet50Error(
    'WEIGHTS_HASH_MISMATCH',
    `${subject} is not the file that the manifest describes (its sha256 or length differs): publish shards and manifest together again, or convert anew`,
    { subject },
  );

/** The error for a request that failed for good. */
export const fetchFailed = (url: string, why: string, cause?: unknown): ResNet50Error =>
  new ResNet50Error('FETCH_FAILED', `${url} could not be fetched: ${why}`, { subject: url, cause });

interface State {
  buffer: Uint8Array<ArrayBuffer>;
  received: number;
  reported: number;
  /** Strong validator of what has been received so far; empty where there is none. */
  etag: string;
  /** Go past HTTP caches. */
  fresh: boolean;
}

/** One attempt: from where the last one stopped to the end of the file. */
async function receive(file: Download, state: State, options: DownloadOptions): Promise<void> {
  const stalled = new AbortController();
  const signals = options.signal ? [options.signal, stalled.signal] : [stalled.signal];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(new Transient('the connection went silent')), options.stall ?? 30_000);
  };
  alive();
  try {
    const response = await request(file, state, options, AbortSignal.any(signals));
    await readBody(response, file, state, alive, options);
  } catch (error) {
    if (error instanceof Transient || error instanceof ResNet50Error) throw error;
    options.signal?.throwIfAborted();
    throw new Transient(stalled.signal.aborted ? 'the connection went silent' : networkReason(error));
  } finally {
    clearTimeout(timer);
    stalled.abort();
  }
}

/** Node's fetch hides the reason in the cause. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? describe(error) : `${describe(error)} (${describe(cause)})`;
}

async function request(file: Download, state: State, options: DownloadOptions, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (state.received > 0) {
    headers.Range = `bytes=${state.received}-`;
    if (state.etag !== '') headers['If-Range'] = state.etag;
  }
  const response = await fetch(file.url, {
    headers,
    signal,
    cache: state.fresh ? 'reload' : (options.cache ?? 'default'),
  });
  if (response.status === 416) {
    state.received = 0;
    throw new Transient('the server refused to resume (416)');
  }
  if (HOPEFUL_STATUS.has(response.status)) {
    const seconds = Number(response.headers.get('retry-after'));
    throw new Transient(`the server answered ${response.status}`, Number.isFinite(seconds) ? seconds * 1000 : 0);
  }
  if (!response.ok) throw fetchFailed(file.url, `the server answered ${response.status}`);
  if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) throw htmlInstead(file.url);
  if (response.status !== 206 || !resumesAt(response, state.received)) {
    if (response.status === 206) throw new Transient('the server resumed at another place');
    state.received = 0;
  }
  const etag = response.headers.get('etag') ?? '';
  state.etag = etag.startsWith('W/') ? '' : etag;
  return response;
}

/** Content-Range may be hidden from other origins; the hash tells in the end. */
function resumesAt(response: Response, offset: number): boolean {
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return range === null || Number(range[1]) === offset;
}

const htmlInstead = (url: string): ResNet50Error =>
  fetchFailed(
    url,
    'the server sent an HTML page in its place, as single-page servers do for a missing file: check weightsUrl and that the shards are published',
  );

async function readBody(
  response: Response,
  file: Download,
  state: State,
  alive: () => void,
  options: DownloadOptions,
): Promise<void> {
  if (response.body === null) throw new Transient('the server sent nothing');
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    alive();
    if (state.received === 0 && looksLikeHtml(new TextDecoder().decode(value.subarray(0, 64)))) {
      await reader.cancel().catch(() => undefined);
      throw htmlInstead(file.url);
    }
    if (state.received + value.length > file.bytes) {
      await reader.cancel().catch(() => undefined);
      if (state.fresh) throw hashMismatch(file.url);
      Object.assign(state, { received: 0, etag: '', fresh: true });
      throw new Transient('the file is longer than the manifest says');
    }
    state.buffer.set(value, state.received);
    state.received += value.length;
    if (state.received > state.reported) {
      state.reported = state.received;
      options.onBytes?.(state.received);
    }
  }
  if (state.received < file.bytes)
    throw new Transient(`the connection ended after ${state.received} of ${file.bytes} bytes`);
}
