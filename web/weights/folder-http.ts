/**
 * A folder of weights behind http(s), with a cache of verified shards (or none).
 */

import { Limiter } from '../base/concurrency.js';
import { describe, ResNet50Error } from '../base/errors.js';
import type { ShardStore } from './cache.js';
import { decodeShard, type Inflate, inflateStream } from './compression.js';
import { download, fetchFailed, sleep } from './download.js';
import type { WeightsFolder } from './folder.js';
import {
  looksLikeHtml,
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
        const answer = await fetchManifest(url, this.stall, signal);
        if (typeof answer !== 'number') return answer.text;
        why = `the server answered ${answer}`;
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

/**
 * One request: the text (undefined for 'not here' in any of the ways servers say it), or a status that may pass. A
 * connection that stays silent for `stall` milliseconds is broken.
 */
async function fetchManifest(
  url: string,
  stall: number,
  signal?: AbortSignal,
): Promise<{ text: string | undefined } | number> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error('the connection went silent')), stall);
  };
  alive();
  try {
    const signals = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    // Small and the key to everything else: always ask whether it has changed.
    const response = await fetch(url, { cache: 'no-cache', signal: signals });
    if (response.status >= 500 || response.status === 429) return response.status;
    if (!response.ok) return { text: undefined };
    const text = await readText(response, url, alive);
    return { text: looksLikeHtml(text.slice(0, 64)) ? undefined : text };
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** The body as text, up to the length that a manifest can have, whatever the server says of it. */
async function readText(response: Response, url: string, alive: () => void): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let [text, bytes] = ['', 0];
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return text + decoder.decode();
    alive();
    bytes += value.length;
    if (bytes > MAX_MANIFEST_BYTES) {
      throw new ResNet50Error('MANIFEST_FORMAT', `${url} is longer than any manifest: check weightsUrl`, {
        subject: url,
      });
    }
    text += decoder.decode(value, { stream: true });
  }
}
