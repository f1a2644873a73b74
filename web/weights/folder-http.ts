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
import { MANIFEST_FILE, MAX_MANIFEST_BYTES, type Manifest, parseManifest, type Shard } from './manifest.js';
import { PatientStore } from './patient-store.js';

/** Shards on their way into the cache that nothing waits for: bounds the memory that they take. */
const KEEPING = 3;

/** Why a shard of a manifest that holds no longer is not downloaded. */
const OUTDATED = new Error('the server has another manifest by now');

/** A manifest and the text that it was read from. */
interface Known {
  text: string;
  manifest: Manifest;
}

/** A folder behind http(s), with a cache (or none). */
export class HttpFolder implements WeightsFolder {
  readonly address: string;

  /** What the server says: nothing is downloaded before. */
  #asking: Promise<unknown> | undefined;

  /** The known manifest, where the server has another one. */
  #outdated: Manifest | undefined;

  readonly #keeping: Promise<unknown>[] = [];

  /** Two at a time: more would only make the first, which packing waits for, come later. */
  readonly #reading = new Limiter(2);

  readonly #store: PatientStore;

  constructor(
    url: string,
    store: ShardStore | undefined,
    /** Longest silence of the server while the manifest is read, milliseconds. The cache may take a third of it. */
    private readonly stall = 30_000,
    private readonly inflate: Inflate = inflateStream,
    /** Fetches the manifest, and shows by `url` of the answer where it is from. */
    private readonly within = fetch,
  ) {
    this.#store = new PatientStore(store, stall / 3);
    this.address = url.endsWith('/') ? url : `${url}/`;
  }

  manifest(signal?: AbortSignal, onKnown?: (manifest: Manifest) => void): Promise<Manifest | undefined> {
    const url = new URL(MANIFEST_FILE, this.address).href;
    const known = this.#known(url, onKnown);
    const asking = this.#confirmed(url, known, signal);
    this.#asking = asking;
    asking.catch(() => undefined); // whoever waits for it hears of it
    return asking;
  }

  /** The manifest of last time, and its text. */
  async #known(url: string, onKnown?: (manifest: Manifest) => void): Promise<Known | undefined> {
    const text = await this.#store.attempt((store) => store.getText(url));
    if (text === undefined) return undefined;
    try {
      const manifest = parseManifest(text, url);
      onKnown?.(manifest);
      return { text, manifest };
    } catch {
      return undefined; // of another version
    }
  }

  /** That of the server: the known one if it is the same. */
  async #confirmed(
    url: string,
    known: Promise<Known | undefined>,
    signal?: AbortSignal,
  ): Promise<Manifest | undefined> {
    const text = await this.#manifestText(url, known, signal);
    const before = await known;
    if (text === before?.text) return before?.manifest;
    this.#outdated = before?.manifest;
    if (text === undefined) return undefined;
    const manifest = parseManifest(text, url);
    await this.#store.attempt((store) => store.putText(url, text));
    return manifest;
  }

  /** Fresh from the network; from the cache if the network or the server fails; undefined if there is none here. */
  async #manifestText(
    url: string,
    known: Promise<Known | undefined>,
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
      if (cached !== undefined) return cached.text;
      throw error;
    }
  }

  async shard(
    shard: Shard,
    signal?: AbortSignal,
    onBytes?: (received: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const cached = await this.#reading.run(() => this.#store.attempt((store) => store.get(shard)));
    signal?.throwIfAborted();
    if (cached !== undefined) {
      onBytes?.(shard.bytes);
      return this.#store.keepsDecoded ? cached : decodeShard(shard, cached, this.inflate);
    }
    await this.#asking;
    signal?.throwIfAborted();
    if (Object.values(this.#outdated?.precisions ?? {}).some(({ shards }) => shards.includes(shard))) throw OUTDATED;
    const cache = this.#store.keepsDecoded === undefined ? 'default' : 'no-store'; // one copy on this device is enough
    const stored = await download(
      { ...shard, url: new URL(shard.file, this.address).href },
      { signal, onBytes, cache },
    );
    const bytes = await decodeShard(shard, stored, this.inflate);
    await this.#keep(shard, this.#store.keepsDecoded ? bytes : stored);
    return bytes;
  }

  /** Resolves when there is room for more; the bytes are on their way into the cache by then. */
  async #keep(shard: Shard, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#keeping.push(this.#store.attempt((store) => store.put(shard, bytes)));
    if (this.#keeping.length > KEEPING) await this.#keeping.shift();
  }

  async kept(): Promise<void> {
    await Promise.all(this.#keeping.splice(0));
  }
}
