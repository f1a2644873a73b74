/**
 * From a list of places to a network filled with weights: finds the first place that has the variant, fetches shards
 * in parallel and hands them on in network order. Knows nothing of wasm; the sink does.
 */
import { ResNet50Error } from '../base/errors.js';
import { Limiter } from '../base/queue.js';
import type { Place } from './folder-http.js';
import type { Manifest, Precision, Shard } from './manifest.js';

/** Where to look for a variant, in order. Plain data: it crosses worker boundaries. */
export interface FolderSource {
  kind: 'folders';
  /** Variant that was asked for; the manifest of a folder given by address may have any name. */
  name: string | null;
  /** Folders: URLs, or paths in Node. Those marked `exact` count only if the manifest bears the name. */
  folders: { address: string; exact?: boolean }[];
  /** True for names of the registry: then absence means 'not installed', else 'unknown'. */
  known: boolean;
  /** Sentence on how to get the weights there. */
  advice: string;
}

/** No weights at all: torchvision's random initialisation. */
export interface RandomSource {
  kind: 'random';
  classes: number;
  seed: number;
}

/** A shard's bytes, decoded. */
export interface StoredFile {
  file: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Weights in memory: what fine-tuning made. */
export interface FilesSource {
  kind: 'files';
  manifest: Manifest;
  files: StoredFile[];
}

export type WeightsSource = FolderSource | RandomSource | FilesSource;

/** Of weights in memory; shards are copies, and nobody waits for their bytes one by one. */
export function inMemory({ manifest, files }: FilesSource): FoundWeights {
  const place: Place = {
    address: 'memory',
    manifest: async () => manifest,
    shard: async (shard) => (files.find(({ file }) => file === shard.file) as StoredFile).bytes.slice(),
  };
  return { place, manifest };
}

/** A variant that was found. */
export interface FoundWeights {
  place: Place;
  manifest: Manifest;
}

/**
 * The first place with a manifest.
 * @throws ResNet50Error WEIGHTS_NOT_FOUND, UNKNOWN_WEIGHTS (neither known nor found), MANIFEST_*, FETCH_FAILED
 */
export async function findWeightsFolder(
  source: FolderSource,
  openPlace: (address: string) => Place,
  signal?: AbortSignal,
): Promise<FoundWeights> {
  let unreachable: unknown;
  for (const { address, exact } of source.folders) {
    const place = openPlace(address);
    try {
      const manifest = await place.manifest(signal);
      if (manifest !== undefined && !(exact && manifest.name !== source.name)) return { place, manifest };
    } catch (error) {
      // A server that is down hides nothing that a later place might not have.
      if (!(error instanceof ResNet50Error) || error.code !== 'FETCH_FAILED') throw error;
      unreachable ??= error;
    }
  }
  if (unreachable !== undefined) throw unreachable;
  throw notFound(source);
}

function notFound(source: FolderSource): ResNet50Error {
  const subject = source.name ?? source.folders[0]?.address ?? '';
  const places = source.folders.map((f) => f.address).join(', ');
  const code = source.known ? 'WEIGHTS_NOT_FOUND' : 'UNKNOWN_WEIGHTS';
  const what = source.name === null ? 'there is no manifest.json' : `the weights ${source.name} are not there`;
  return new ResNet50Error(code, `${what} (looked in ${places}): ${source.advice}`, { subject });
}

/**
 * The shards of a precision.
 * @throws ResNet50Error WEIGHTS_NOT_FOUND where the variant was not converted to it
 */
export function shardsOf(manifest: Manifest, precision: Precision, place: string): Shard[] {
  const shards = manifest.precisions[precision]?.shards;
  if (shards !== undefined) return shards;
  const there = Object.keys(manifest.precisions).join(', ');
  throw new ResNet50Error(
    'WEIGHTS_NOT_FOUND',
    `${manifest.name} in ${place} has no ${precision} shards, only ${there}: convert it with --precision both`,
    { subject: manifest.name },
  );
}

/** Downloads at a time. */
const PARALLEL = 4;
/** Shards that may be in memory or on the way at a time: bounds memory when one of them is slow. */
const WINDOW = 6;

/** What {@link streamShards} reports and fills. */
export interface ShardSink {
  /** Takes shards in network order. */
  take(shard: Shard, bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Bytes of all shards that have arrived; never decreases. */
  onBytes?(loaded: number, total: number, shard: string): void;
}

/**
 * Fetches all shards, up to four at a time, and hands each to the sink as soon as it and all before it are there. The
 * first failure stops the rest.
 */
export async function streamShards(
  place: Place,
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
    return place.shard(shard, stopped, (bytes) => {
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
