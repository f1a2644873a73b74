/**
 * A folder of weights, wherever it is: a manifest and the shards that it lists.
 */
import type { Manifest, Shard } from './manifest.js';

/** A folder of weights. */
export interface WeightsFolder {
  /** Path or URL of the folder, for messages. */
  readonly address: string;
  /**
   * The manifest, or undefined where there is none here.
   * @param onKnown is given the one of last time while a server is asked; the same object comes of it if it still holds
   */
  manifest(signal?: AbortSignal, onKnown?: (manifest: Manifest) => void): Promise<Manifest | undefined>;
  /** One shard, verified and decoded: a safetensors file. */
  shard(shard: Shard, signal?: AbortSignal, onBytes?: (received: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** Frees what `shard` gave: its bytes are gone. Without it, that is left to the garbage collector. */
  release?(bytes: Uint8Array<ArrayBuffer>): void;
  /** Resolves when the shards that were given out are in the cache, or cannot be. */
  kept?(): Promise<void>;
}
