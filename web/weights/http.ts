/**
 * Files over HTTP, whatever they are for: retried with back-off, resumed after dropped connections, never waited for in
 * silence. Who takes the bytes bounds their number.
 */

import { joined } from '../base/bytes.js';
import { orAborted } from '../base/concurrency.js';
import { describe, fetchFailed } from '../base/errors.js';
import { checkBytes } from '../base/limits.js';
import { looksLikeHtml } from './manifest.js';

/** How to fetch a file. */
export interface HttpOptions {
  signal?: AbortSignal | undefined;
  /** What to do with the HTTP cache. Not given to fetch by default, as workerd knows no caches. */
  cache?: RequestCache;
  /** Attempts without a single new byte before giving up. Default 5. */
  attempts?: number;
  /** First pause before a retry in milliseconds, doubled each time. Default 250. */
  pause?: number;
  /** Longest silence of the server in milliseconds. Default 30 000. */
  stall?: number;
  /** Take HTML pages too: what is no picture is named so by the decoder. */
  html?: boolean;
  /** Fetches in place of `fetch`; answers from another origin are refused. */
  within?: typeof fetch;
  /** Exact length, if it is known. */
  bytes?: number;
  /**
   * Bytes that are there from an earlier download, 0 if none are: for files whose hash is checked in the end. All others
   * are resumed only if the server proves that they are still the same.
   */
  from?: number;
  /** Asked after each failure that another attempt may cure: true gives up, because there is something else to use. */
  giveUp?: () => Promise<boolean>;
}

/**
 * Takes bytes of a file that begin at `at`. Called without bytes where an attempt begins: what lies behind `at` is void.
 * @param total length of the file, 0 while unknown
 */
export type Take = (bytes: Uint8Array, at: number, total: number) => void | Promise<void>;

/** A failure that another attempt may cure. */
class Transient extends Error {
  constructor(
    message: string,
    readonly waitMs = 0,
    /** False where fetch failed without a word: the network, or what browsers keep from pages of other origins. */
    readonly answered = true,
  ) {
    super(message);
  }
}

/** An answer that is final. */
export class Refusal extends Error {}

/** Longest pause between attempts, whatever the server asks for, milliseconds. */
const MAX_PAUSE_MS = 10_000;
/** Timeout, too early, too many requests: passes, as all from 500 do. */
const HOPEFUL_STATUS = [408, 425, 429];

/** An address that the user gave, and what may be spent on it. */
export interface InputRequest {
  url: string;
  maxBytes: number;
  /** As {@link HttpOptions} has it. */
  attempts: number;
}

/** Gets the bytes behind an address. */
export type FetchInput = (request: InputRequest, signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;

/** Where an attempt begins, and what is known of the file. */
interface State {
  received: number;
  /** Most bytes that ever arrived. */
  best: number;
  /** Strong validator of what was received; empty if there is none. */
  etag: string;
  total: number;
  /** Whether parts may be asked for: not of a server that sent another one. */
  parts: boolean;
}

/**
 * Fetches a file and hands on its bytes in order.
 * @throws ResNet50Error FETCH_FAILED, caused by a {@link Refusal} if the server has no such file; the signal's reason;
 *   what `take` throws
 */
export async function fetchFile(url: string, take: Take, options: HttpOptions = {}): Promise<void> {
  const { signal, pause = 250, attempts = 5, bytes = 0, from = 0 } = options;
  const state = { received: from, best: from, etag: '', total: bytes, parts: true };
  for (let fruitless = 0; ; ) {
    signal?.throwIfAborted();
    const before = state.best;
    try {
      return await receive(url, take, options, state);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Refusal) throw fetchFailed(url, error.message, error);
      if (!(error instanceof Transient)) throw error;
      fruitless = state.best > before ? 0 : fruitless + 1;
      // Only servers come back: a blob: address that is gone stays so.
      if (fruitless >= attempts || !/^http/.test(url) || (await options.giveUp?.())) {
        throw fetchFailed(url, `${error.message}: ${adviceFor(url, error.answered)}`, error);
      }
      // Exponential back-off with jitter, no shorter than the server asked for (within reason).
      const backOff = pause * 2 ** Math.max(0, fruitless - 1) * (0.5 + Math.random());
      await sleep(Math.min(MAX_PAUSE_MS, Math.max(error.waitMs, backOff)), signal);
    }
  }
}

/** Browsers do not tell a script why another origin's file was kept from it. */
function adviceFor(url: string, answered: boolean): string {
  const { origin } = globalThis.location ?? {};
  const foreign = !answered && origin !== undefined && new URL(url).origin !== origin;
  const cors =
    'most likely its server does not send Access-Control-Allow-Origin, or connect-src of this page forbids it; else ';
  return `${foreign ? cors : ''}check the address and the connection`;
}

/**
 * A whole file.
 * @param check throws where it gets too long
 */
export async function fetchWhole(
  url: string,
  check: (length: number) => void,
  options: HttpOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const take: Take = (bytes, at) => {
    if (at === 0) chunks.length = 0;
    check(at + bytes.length);
    chunks.push(bytes);
  };
  await fetchFile(url, take, options);
  return joined(chunks);
}

/**
 * A picture, or whatever else the user names by address.
 * @throws ResNet50Error IMAGE_TOO_LARGE as well
 */
export const fetchInput: FetchInput = ({ url, maxBytes, attempts }, signal) =>
  fetchWhole(url, (length) => checkBytes(length, url, { maxBytes }), { signal, attempts, html: true });

/** Resolves after `ms`, or as soon as the signal aborts. */
const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake);
  });

/** One attempt: from where the last one stopped to the end of the file. */
async function receive(url: string, take: Take, options: HttpOptions, state: State): Promise<void> {
  const end = new AbortController();
  const { signal, stall = 30_000, cache, within } = options;
  const signals = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  const ask = within ?? globalThis.fetch;
  if (!ask) throw new Refusal('there is no fetch here (jsdom has none): give the bytes instead');
  let answered = false;
  /** What the server does next, if it does not stay silent for too long. */
  const heard = async <T>(next: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => end.abort(), stall);
    try {
      // Bodies of Node.js whose fetch is aborted just when the answer comes never end by themselves.
      return await orAborted(next, signals);
    } catch (error) {
      const why = describe((error as Error).cause ?? error); // Node's fetch hides the reason there
      if (end.signal.aborted) throw new Transient('the connection went silent');
      throw new Transient(why, 0, answered);
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const { received, etag } = state;
    const condition: Record<string, string> = etag ? { 'If-Range': etag } : {};
    const headers = received > 0 ? { Range: `bytes=${received}-`, ...condition } : {};
    const response = await heard(ask(url, { headers, signal: signals, ...(cache && { cache }) }));
    answered = true;
    const from = response.url || url;
    if (within && !from.startsWith(new URL('/', url).href))
      throw fetchFailed(url, `it redirects to ${from}, another origin: give that address instead`);
    if (begin(response, options, state)) return;
    await take(new Uint8Array(), state.received, state.total);
    for (const reader = response.body?.getReader(); reader; ) {
      const { done, value } = await heard(reader.read());
      if (done) break;
      if (state.received === 0 && !options.html && looksLikeHtml(new TextDecoder().decode(value.subarray(0, 64))))
        throw htmlInstead();
      await take(value, state.received, state.total);
      state.received += value.length;
      state.best = Math.max(state.best, state.received);
    }
    if (state.received < state.total)
      throw new Transient(`the connection ended after ${state.received} of ${state.total} bytes`);
  } finally {
    end.abort(); // what was not read need not come
    if (!state.parts || (options.from === undefined && !state.etag)) state.received = 0;
  }
}

/** Judges an answer, and sets in `state` where its bytes begin. True if there is nothing left to send. */
function begin({ status, ok, headers }: Response, options: HttpOptions, state: State): boolean {
  const { bytes } = options;
  const header = (name: string) => headers.get(name) ?? '';
  if (status >= 500 || HOPEFUL_STATUS.includes(status)) {
    throw new Transient(`the server answered ${status}`, waitOf(header('retry-after')));
  }
  const [, first, all] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(header('content-range')) ?? [];
  const whole = Number(all) || 0;
  if (status === 416 && whole === state.received) return true;
  const fits = Number(first) === state.received && (!whole || !state.total || whole === state.total);
  // Other origins may hide Content-Range: then the hash tells in the end.
  const resumed = status === 206 && (fits || (first === undefined && bytes !== undefined));
  if (!resumed) state.received = 0;
  if (!resumed && (status === 206 || status === 416)) {
    state.parts = false;
    state.total = bytes ?? 0;
    throw new Transient('the server sent another part of the file');
  }
  if (!ok) throw new Refusal(`the server answered ${status}: check the address`);
  if (!options.html && /^text\/html\b/i.test(header('content-type'))) throw htmlInstead();
  // What is decoded on the way has a length that nobody tells, and no parts that could be asked for.
  const encoded = header('content-encoding') !== '';
  const length = encoded ? 0 : Number(header('content-length'));
  state.etag = encoded || header('etag').startsWith('W/') ? '' : header('etag');
  state.total = bytes ?? (whole || (length && state.received + length));
  return false;
}

/** Retry-After in milliseconds: it holds seconds or a date; 0 for neither. */
const waitOf = (text: string): number => Number(text) * 1000 || Date.parse(text) - Date.now() || 0;

const htmlInstead = () =>
  new Refusal('the server sent an HTML page in its place, as many do for a missing file: check the address');
