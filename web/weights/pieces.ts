/**
 * Tensors as they lie in the shards that a network was filled from, read again: the core keeps packed weights only. What
 * they mean is known to parameters.ts.
 */

import { headerOf, splitName } from '../base/safetensors.js';
import type { WeightsFolder } from './folder.js';
import type { Manifest, Shard } from './manifest.js';
import type { FilesSource, StoredFile } from './source.js';
import { streamShards } from './stream.js';

/** A tensor, or some output channels of it, in a shard. */
export interface Piece {
  /** Its first output channel. */
  first: number;
  dtype: string;
  shape: number[];
  bytes: Uint8Array<ArrayBuffer>;
}

/** The pieces of tensors by name; those that the shards do not have are missing. */
export type Tensors = Record<string, Piece[]>;

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
      const { header, data } = headerOf(file);
      for (const [stored, { dtype, shape, data_offsets }] of Object.entries(header)) {
        const [base, first] = splitName(stored);
        seen.set(base, (seen.get(base) ?? new Set()).add(shard));
        if (!names.includes(base)) continue;
        const bytes = file.slice(data + data_offsets[0], data + data_offsets[1]);
        found[base] = [...(found[base] ?? []), { first, dtype, shape, bytes }];
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
