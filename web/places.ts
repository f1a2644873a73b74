/**
 * Where weights lie: a place is a folder with a manifest and shards, behind HTTP or (in Node) on disk. Knows nothing
 * of wasm.
 */
import { download, fetchFailed, sleep } from './download.js';
import { describe, ResNet50Error } from './errors.js';
import {
  looksLikeHtml,
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type Precision,
  parseManifest,
  type Shard,
} from './manifest.js';
import { Limiter } from './queue.js';

/** A folder of weights. */
export interface Place {
  /** Path or URL of the folder, for messages. */
  readonly address: string;
  /** The manifest, or undefined where there is none here. */
  manifest(signal?: AbortSignal): Promise<Manifest | undefined>;
  /** One shard, verified. */
  shard(shard: Shard, signal?: AbortSignal, onBytes?: (received: number) => void): Promise<Uint8Array<ArrayBuffer>>;
}

/** A cache of verified shards by content hash. It may lose everything at any time. */
export interface ShardStore {
  get(shard: Shard): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(shard: Shard, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The last good text of a manifest, for when the network is away. */
  getText(url: string): Promise<string | undefined>;
  putText(url: string, text: string): Promise<void>;
}

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
export class HttpPlace implements Place {
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
  ) {
    this.address = url.endsWith('/') ? url : `${url}/`;
  }

  async manifest(signal?: AbortSignal): Promise<Manifest | undefined> {
    const url = new URL(MANIFEST_FILE, this.address).href;
    const known = attempt(async () => this.#readAhead(url));
    try {
      const text = await this.#manifestText(url, signal);
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

  /** Fresh from the network; from the cache where the network fails; undefined where nothing of the kind is there. */
  async #manifestText(url: string, signal?: AbortSignal): Promise<string | undefined> {
    for (let failures = 0; ; ) {
      signal?.throwIfAborted();
      let why: string;
      try {
        // Small and the key to everything else: always ask whether it has changed.
        const response = await fetch(url, { cache: 'no-cache', ...(signal ? { signal } : {}) });
        if (response.status < 500 && response.status !== 429) return await manifestBody(response);
        why = `the server answered ${response.status}`;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ResNet50Error) throw error;
        why = describe(error);
        const cached = await attempt(async () => this.store?.getText(url));
        if (cached !== undefined) return cached;
      }
      if (++failures >= 3) throw fetchFailed(url, why);
      await sleep(200 * 2 ** failures * (0.5 + Math.random()), signal);
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
      onBytes?.(cached.length);
      return cached;
    }
    const bytes = await download({ ...shard, url: new URL(shard.file, this.address).href }, { signal, onBytes });
    await attempt(async () => this.store?.put(shard, bytes));
    return bytes;
  }
}

/** The text of a manifest's response; undefined for 'not here' in any of the ways servers say it. */
async function manifestBody(response: Response): Promise<string | undefined> {
  if (!response.ok) return undefined;
  if (Number(response.headers.get('content-length')) > MAX_MANIFEST_BYTES) return undefined;
  const text = await response.text();
  return looksLikeHtml(text.slice(0, 64)) ? undefined : text;
}
