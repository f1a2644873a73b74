/**
 * One shard over HTTP, verified before anyone sees it.
 */
import { ResNet50Error } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { fetchFile, type HttpOptions } from './http.js';

/** What to fetch and what it must be. */
export interface Download {
  url: string;
  /** Exact length in bytes. */
  bytes: number;
  /** 64 lower-case hex digits. */
  sha256: string;
}

/** How to fetch it. */
export interface DownloadOptions extends HttpOptions {
  /** Bytes that have arrived so far; never decreases. */
  onBytes?: ((received: number) => void) | undefined;
}

/** Thrown by ourselves, at ourselves: more bytes than there should be. */
const TOO_LONG = new Error();

/**
 * The bytes of a file whose length and hash are known beforehand.
 * @throws ResNet50Error FETCH_FAILED, WEIGHTS_HASH_MISMATCH; the signal's reason
 */
export async function download(file: Download, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { url, bytes } = file;
  const buffer = allocate(file);
  let reported = 0;
  const take = (chunk: Uint8Array, at: number) => {
    const received = at + chunk.length;
    if (received > bytes) throw TOO_LONG;
    buffer.set(chunk, at);
    if (received <= reported) return;
    reported = received;
    options.onBytes?.(received);
  };
  // The likeliest cause of wrong bytes is a stale or mixed copy in some cache on the way: once more, past all caches.
  for (const cache of [options.cache ?? 'default', 'reload'] as const) {
    try {
      await fetchFile(url, take, { ...options, bytes, cache, from: 0 });
      if ((await sha256(buffer)) === file.sha256) return buffer;
    } catch (error) {
      if (error !== TOO_LONG) throw error;
    }
  }
  throw hashMismatch(url);
}

/** Room for the file. A manifest may promise more than there is. */
function allocate({ url, bytes }: Download): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    const message = `no memory for the ${bytes} bytes that the manifest promises of ${url}`;
    throw new ResNet50Error('OUT_OF_MEMORY', message, { subject: url, cause });
  }
}

/** The error for bytes that are not what the manifest promises. */
export const hashMismatch = (subject: string): ResNet50Error =>
  new ResNet50Error(
    'WEIGHTS_HASH_MISMATCH',
    `${subject} is not the file that the manifest describes (its sha256 or length differs): publish both again, or convert anew`,
    { subject },
  );
