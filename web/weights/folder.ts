/**
 * A folder of weights, wherever it is: a manifest and the shards that it lists.
 */
import type { Manifest, Shard } from './manifest.js';

/** A folder of weights. */
export interface WeightsFolder {
  /** Path or URL of the folder, for messages. */
  readonly address: string;
  /** The manifest, or undefined where there is none here. */
  manifest(signal?: AbortSignal): Promise<Manifest | undefined>;
  /** One shard, verified and decoded: a safetensors file. */
  shard(shard: Shard, signal?: AbortSignal, onBytes?: (received: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** Frees what `shard` gave: its bytes are gone. Without it, that is left to the garbage collector. */
  release?(bytes: Uint8Array<ArrayBuffer>): void;
}
