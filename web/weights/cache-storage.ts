/**
 * Verified shards in the browser's Cache Storage, keyed by content hash.
 */

import { sha256 } from '../base/sha256.js';
import type { ShardStore, WeightsCache } from './cache.js';
import type { Shard } from './manifest.js';

/** Name of our cache in `caches`. */
export const CACHE_NAME = 'resnet50-wasm-1';

// Keys must be http(s) addresses; this one is never requested (.invalid is reserved for that).
const KEY_BASE = 'https://resnet50-wasm.invalid/sha256/';

/** A store in Cache Storage, or undefined where there is none (plain http, blocked storage). */
export function cacheStorageStore(): ShardStore | undefined {
  if (!cacheStorageWorks()) return undefined;
  let cache: Promise<Cache> | undefined;
  const open = () => {
    cache ??= globalThis.caches.open(CACHE_NAME);
    return cache;
  };
  return {
    keepsDecoded: true,
    async get(shard) {
      const cache = await open();
      const found = await cache.match(KEY_BASE + shard.sha256);
      if (found === undefined) return undefined;
      const { length = 0, hash } = keptAs(shard, found.headers);
      const bytes = await bodyOf(found, length);
      if (bytes !== undefined && (await sha256(bytes)) === hash) return bytes;
      await cache.delete(KEY_BASE + shard.sha256);
      return undefined;
    },
    async put(shard, bytes) {
      await (await open()).put(
        KEY_BASE + shard.sha256,
        shardResponse(shard, bytes, shard.encoding ? await sha256(bytes) : shard.sha256),
      );
    },
    async getText(url) {
      return (await (await open()).match(url))?.text();
    },
    async putText(url, text) {
      await (await open()).put(url, new Response(text, { headers: { 'content-type': 'application/json' } }));
    },
  };
}

/**
 * An entry's bytes; undefined if they are not `length` many, which is known before any is read. By way of a Blob, which
 * takes two thirds of the time of `arrayBuffer()` in Chromium. A reader with a buffer of its own is as fast but, in
 * Chromium 156, waits forever once in a dozen loads for an entry that is read while another is written.
 */
async function bodyOf(entry: Response, length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const body = await entry.blob();
  return body.size === length ? new Uint8Array(await body.arrayBuffer()) : undefined;
}

/** What an entry must be. The manifest knows the hash of what was published; that of the decoded file lies beside it. */
const keptAs = ({ bytes, sha256, encoding, decodedBytes }: Shard, headers: Headers) =>
  encoding === undefined ? { length: bytes, hash: sha256 } : { length: decodedBytes, hash: headers.get('x-sha256') };

const shardResponse = (shard: Shard, bytes: Uint8Array<ArrayBuffer>, hash: string): Response =>
  new Response(bytes, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'x-file': shard.file,
      'x-sha256': hash,
    },
  });

/** Merely touching `caches` throws in some private modes. */
function cacheStorageWorks(): boolean {
  try {
    return typeof globalThis.caches?.open === 'function';
  } catch {
    return false;
  }
}

/** {@link WeightsCache} over Cache Storage. */
export const browserWeightsCache: WeightsCache = {
  async list() {
    if (!cacheStorageWorks() || !(await globalThis.caches.has(CACHE_NAME))) return [];
    const cache = await globalThis.caches.open(CACHE_NAME);
    const keys = (await cache.keys()).filter((key) => key.url.startsWith(KEY_BASE));
    return Promise.all(
      keys.map(async (key) => {
        const headers = (await cache.match(key))?.headers;
        return {
          sha256: key.url.slice(KEY_BASE.length),
          file: headers?.get('x-file') ?? '',
          bytes: Number(headers?.get('content-length') ?? 0),
        };
      }),
    );
  },
  async delete() {
    return cacheStorageWorks() ? globalThis.caches.delete(CACHE_NAME) : false;
  },
};
