/**
 * What a cache of shards is to those who fill it, and to users.
 */
import type { Shard } from './manifest.js';

/** A cache of verified shards by content hash. It may lose everything at any time. */
export interface ShardStore {
  /** Whether it keeps shards decoded, which costs room and saves the time to inflate them, or as they were published. */
  readonly keepsDecoded: boolean;
  get(shard: Shard): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(shard: Shard, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The last good text of a manifest, for when the network is away. */
  getText(url: string): Promise<string | undefined>;
  putText(url: string, text: string): Promise<void>;
}

/** One cached shard. */
export interface CachedShard {
  /** Content hash, 64 hex digits. */
  sha256: string;
  /** File name it came under. */
  file: string;
  /** Room that it takes. */
  bytes: number;
}

/** Lists and deletes what the package keeps on this device. */
export interface WeightsCache {
  /** The shards that are kept; an empty list where there is no cache. */
  list(): Promise<CachedShard[]>;
  /** Deletes everything that the package keeps here; true where there was something. */
  delete(): Promise<boolean>;
}
