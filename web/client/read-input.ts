/**
 * Encoded images from addresses and streams, read up to the limit.
 */
import { joined } from '../base/bytes.js';
import { describe, fetchFailed, ResNet50Error } from '../base/errors.js';
import { checkBytes, type Limits } from '../base/limits.js';
import { badInput } from './input-checks.js';

/**
 * The bytes of an input that is read late.
 * @param input an answer, a stream, or a data: address
 */
export async function readInput(
  input: Response | ReadableStream<Uint8Array> | string,
  name: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof input === 'string') return decodeDataUrl(input, limits);
  return input instanceof Response
    ? readResponse(input, name, limits, signal)
    : readStream(input, name, limits, signal);
}

async function readResponse(
  response: Response,
  name: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.ok) throw fetchFailed(name, `the server answered ${response.status}`);
  if (response.body === null) return new Uint8Array();
  return readStream(response.body, name, limits, signal);
}

/** Reads a stream to its end, or to the limit. */
async function readStream(
  stream: ReadableStream<Uint8Array>,
  name: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      chunks.push(value);
      length += value.length;
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
