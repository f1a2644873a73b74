/**
 * Tensors as they lie in the shards that a network was filled from, read again: the core keeps packed weights only. What
 * they mean is known to parameters.ts.
 */

import type { WeightsFolder } from './folder.js';
import type { Manifest, Shard } from './manifest.js';
import { parseShard, type Tensors } from './shard.js';
import type { FilesSource, StoredFile } from './source.js';
import { streamShards } from './stream.js';

/** The shards of a loaded network. */
export class LoadedShards {
  /** Names of tensors -> the shards that hold pieces of them; known once all shards have been read again. */
  #holders: Map<string, Set<Shard>> | undefined;

  constructor(
    private readonly folder: WeightsFolder,
    private readonly shards: readonly Shard[],
    private readonly manifest: Manifest,
  ) {}

  /** All shards as they are. */
  async files(signal: AbortSignal): Promise<FilesSource> {
    const files: StoredFile[] = [];
    const take = ({ file }: Shard, bytes: Uint8Array<ArrayBuffer>) => void files.push({ file, bytes });
    await streamShards(this.folder, this.shards, { take }, signal);
    return { kind: 'files', manifest: this.manifest, files };
  }

  /** Copies of tensors, from as few shards as possible. */
  async tensors(names: readonly string[], signal: AbortSignal): Promise<Tensors> {
    const holders = this.#holders;
    const shards = holders && new Set(names.flatMap((name) => [...(holders.get(name) ?? [])]));
    const seen = new Map<string, Set<Shard>>();
    const found: Tensors = {};
    const take = (shard: Shard, file: Uint8Array<ArrayBuffer>) => {
      for (const tensor of parseShard(file).tensors) {
        const { base, bytes } = tensor;
        seen.set(base, (seen.get(base) ?? new Set()).add(shard));
        if (names.includes(base)) found[base] = [...(found[base] ?? []), { ...tensor, bytes: bytes.slice() }];
      }
    };
    await streamShards(
      this.folder,
      this.shards.filter((shard) => shards?.has(shard) ?? true),
      { take },
      signal,
    );
    this.#holders ??= seen;
    return found;
  }
}
