/**
 * Shards on their way into a network: fetched in parallel, handed on in network order.
 */
import { Limiter } from '../base/concurrency.js';
import type { WeightsFolder } from './folder.js';
import type { Shard } from './manifest.js';

/** What {@link streamShards} reports and fills. */
export interface ShardSink {
  /** Takes shards in network order. */
  take(shard: Shard, bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Bytes of all shards that have arrived; never decreases. */
  onBytes?(loaded: number, total: number, shard: string): void;
}

/** Downloads at a time. */
const PARALLEL = 4;

/** Shards that may be in memory or on the way at a time: bounds memory when one of them is slow. */
const WINDOW = 6;

/**
 * Fetches all shards, up to four at a time, and hands each to the sink as soon as it and all before it are there. The
 * first failure stops the rest.
 */
export async function streamShards(
  folder: WeightsFolder,
  shards: readonly Shard[],
  sink: ShardSink,
  signal?: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const total = shards.reduce((sum, s) => sum + s.bytes, 0);
  const received = new Array<number>(shards.length).fill(0);
  let loaded = 0;
  const fetchShard = async (i: number, shard: Shard) => {
    return folder.shard(shard, stopped, (bytes) => {
      if (stopped.aborted) return;
      loaded += bytes - (received[i] ?? 0);
      received[i] = bytes;
      sink.onBytes?.(loaded, total, shard.file);
    });
  };

  const slots = new Limiter(PARALLEL);
  const window: Promise<Uint8Array<ArrayBuffer>>[] = [];
  let next = 0;
  const refill = () => {
    while (window.length < WINDOW && next < shards.length) {
      const i = next++;
      const shard = shards[i];
      if (shard === undefined) break;
      const arriving = slots.run(() => fetchShard(i, shard));
      arriving.catch(() => undefined); // awaited below, in order; must not count as unhandled before
      window.push(arriving);
    }
  };

  try {
    for (const shard of shards) {
      refill();
      const arriving = window.shift();
      if (arriving === undefined) break;
      const bytes = await arriving;
      stopped.throwIfAborted();
      await sink.take(shard, bytes);
    }
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}
