/**
 * A folder of weights behind http(s), with a cache of verified shards (or none).
 */

import { Limiter } from '../base/concurrency.js';
import { ResNet50Error } from '../base/errors.js';
import type { ShardStore } from './cache.js';
import { decodeShard, type Inflate, inflateStream } from './compression.js';
import { download } from './download.js';
import type { WeightsFolder } from './folder.js';
import { fetchWhole, type HttpOptions, Refusal } from './http.js';
import {
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type Precision,
  parseManifest,
  type Shard,
} from './manifest.js';

/** Runs something of a cache; its failure is no failure of ours. */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

/** Shards to read ahead: bounds the memory that a changed manifest wastes. */
const AHEAD = 6;

/** A folder behind http(s), with a cache (or none). */
export class HttpFolder implements WeightsFolder {
  readonly address: string;

  /** Verified shards on their way out of the cache, by hash. */
  readonly #ahead = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>();

  /** Two at a time: more would only make the first, which packing waits for, come later. */
  readonly #reading = new Limiter(2);

  /** @param precision that of the shards to be asked for, if the manifest has it */
  constructor(
    url: string,
    private readonly store: ShardStore | undefined,
    private readonly precision: Precision | 'auto' = 'auto',
    /** Longest silence of the server while the manifest is read, milliseconds. */
    private readonly stall = 30_000,
    private readonly inflate: Inflate = inflateStream,
    /** Fetches the manifest, and shows by `url` of the answer where it is from. */
    private readonly within = fetch,
  ) {
    this.address = url.endsWith('/') ? url : `${url}/`;
  }

  async manifest(signal?: AbortSignal): Promise<Manifest | undefined> {
    const url = new URL(MANIFEST_FILE, this.address).href;
    const known = attempt(async () => this.#readAhead(url));
    try {
      const text = await this.#manifestText(url, known, signal);
      if (text === undefined) return undefined;
      const manifest = parseManifest(text, url);
      if (text !== (await known)) {
        this.#ahead.clear();
        await attempt(async () => this.store?.putText(url, text));
      }
      return manifest;
    } catch (error) {
      this.#ahead.clear();
      throw error;
    }
  }

  /** Begins to read the shards of the last known manifest from the cache while the server is asked whether it changed. */
  async #readAhead(url: string): Promise<string | undefined> {
    const text = await this.store?.getText(url);
    if (text === undefined) return undefined;
    const { precisions } = parseManifest(text, url);
    const precision = this.precision === 'auto' ? (precisions.int8 ? 'int8' : 'f32') : this.precision;
    for (const shard of precisions[precision]?.shards.slice(0, AHEAD) ?? []) {
      this.#ahead.set(shard.sha256, this.#cached(shard));
    }
    return text;
  }

  #cached(shard: Shard): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#reading.run(() => attempt(async () => this.store?.get(shard)));
  }

  /** Fresh from the network; from the cache if the network or the server fails; undefined if there is none here. */
  async #manifestText(
    url: string,
    known: Promise<string | undefined>,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const check = (length: number) => {
      if (length <= MAX_MANIFEST_BYTES) return;
      const message = `${url} is longer than any manifest: check weightsUrl`;
      throw new ResNet50Error('MANIFEST_FORMAT', message, { subject: url });
    };
    const giveUp = async () => (await known) !== undefined;
    // Small and the key to everything else: always ask whether it has changed.
    const options: HttpOptions = {
      signal,
      stall: this.stall,
      cache: 'no-cache',
      attempts: 3,
      giveUp,
      within: this.within,
    };
    try {
      return new TextDecoder().decode(await fetchWhole(url, check, options));
    } catch (error) {
      signal?.throwIfAborted();
      const { code, cause } = error as ResNet50Error;
      if (cause instanceof Refusal) return undefined;
      const cached = code === 'FETCH_FAILED' ? await known : undefined;
      if (cached !== undefined) return cached;
      throw error;
    }
  }

  async shard(
    shard: Shard,
    signal?: AbortSignal,
    onBytes?: (received: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const ahead = this.#ahead.get(shard.sha256);
    this.#ahead.delete(shard.sha256);
    const cached = await (ahead ?? this.#cached(shard));
    signal?.throwIfAborted();
    if (cached !== undefined) {
      onBytes?.(shard.bytes);
      return this.store?.keepsDecoded ? cached : decodeShard(shard, cached, this.inflate);
    }
    const cache = this.store === undefined ? 'default' : 'no-store'; // one copy on this device is enough
    const stored = await download(
      { ...shard, url: new URL(shard.file, this.address).href },
      { signal, onBytes, cache },
    );
    const bytes = await decodeShard(shard, stored, this.inflate);
    await attempt(async () => this.store?.put(shard, this.store.keepsDecoded ? bytes : stored));
    return bytes;
  }
}
