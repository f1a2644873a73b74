/**
 * Encoded images from addresses and streams, read up to the limit.
 */
import { joined } from '../base/bytes.js';
import { tagOf } from '../base/check.js';
import { describe, fetchFailed, ResNet50Error } from '../base/errors.js';
import { checkBytes, type Limits } from '../base/limits.js';
import { badInput, readBlob } from './input-checks.js';

/** A stream of bytes: the platform's, or one of Node.js. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * The bytes of an input that is read late.
 * @param input an answer, a stream, or a data: address
 */
export async function readInput(
  input: Response | ByteStream | string,
  name: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof input === 'string') return decodeDataUrl(input, limits);
  return tagOf(input) === 'Response'
    ? readResponse(input as Response, name, limits, signal)
    : readStream(input as ByteStream, name, limits, signal);
}

async function readResponse(
  response: Response,
  name: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.ok) throw fetchFailed(name, `the server answered ${response.status}`);
  if (response.bodyUsed) throw wasRead(name);
  if (!response.body) return readBlob(response as unknown as Blob, name);
  return readStream(response.body, name, limits, signal);
}

const wasRead = (name: string, cause?: unknown) =>
  badInput(`${name} was read before, and can be read only once: give its bytes, or response.clone()`, name, cause);

/** How to read a stream and to stop it. */
function readerOf(stream: ByteStream, name: string) {
  if (!('getReader' in stream)) {
    const chunks = stream[Symbol.asyncIterator]();
    return { next: () => chunks.next(), cancel: async () => chunks.return?.() };
  }
  try {
    const reader = stream.getReader();
    return { next: () => reader.read(), cancel: (reason: unknown) => reader.cancel(reason) };
  } catch (cause) {
    throw wasRead(name, cause);
  }
}

/** Reads a stream to its end, or to the limit. */
async function readStream(
  stream: ByteStream,
  name: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = readerOf(stream, name);
  const stop = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.next();
      signal?.throwIfAborted();
      if (done) break;
      if (!ArrayBuffer.isView(value)) throw badInput(`${name} is a stream of ${typeof value}s, not of bytes`, name);
      chunks.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      length += value.byteLength;
      checkBytes(length, name, limits);
    }
  } catch (error) {
    stop();
    signal?.throwIfAborted();
    if (error instanceof ResNet50Error) throw error;
    throw fetchFailed(name, describe(error), error);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return joined(chunks);
}

/** data: addresses are decoded here: a page's CSP may forbid to fetch them. */
function decodeDataUrl(href: string, limits: Limits): Uint8Array<ArrayBuffer> {
  const comma = href.indexOf(',');
  checkBytes(((href.length - comma) * 3) / 4 - 3, 'the data: address', limits);
  try {
    if (comma < 0) throw new Error('it has no comma');
    const body = decodeURIComponent(href.slice(comma + 1).replace(/%(?![0-9a-f]{2})/gi, '%25'));
    if (!/;\s*base64\s*$/i.test(href.slice(0, comma))) return new TextEncoder().encode(body);
    return Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw badInput(`the data: address cannot be decoded: ${describe(cause)}`, 'data:', cause);
  }
}
