/**
 * What an engine needs from Node: cores beside this module, weights from folders or over HTTP.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Flavour } from '../base/engine-support.js';
import { fileError, isSystemError, systemCode } from '../base/files.node.js';
import { sha256 } from '../base/sha256.js';
import type { CoreFactory } from '../core/start.js';
import type { EngineHost } from '../host/engine.js';
import { folderStore } from '../weights/cache-folder.node.js';
import { decodeShard } from '../weights/compression.js';
import { hashMismatch } from '../weights/download.js';
import { HttpPlace, type Place } from '../weights/folder-http.js';
import { inflateOnThreads } from '../weights/inflate.node.js';
import { MANIFEST_FILE, type Manifest, parseManifest, type Shard } from '../weights/manifest.js';

const FACTORIES: Readonly<Record<Flavour, () => Promise<{ default: CoreFactory }>>> = {
  simd: () => import('./wasm/resnet50-simd.mjs'),
  'simd-threads': () => import('./wasm/resnet50-simd-threads.mjs'),
  relaxed: () => import('./wasm/resnet50-relaxed.mjs'),
  'relaxed-threads': () => import('./wasm/resnet50-relaxed-threads.mjs'),
};

/** A folder on disk. */
export class FolderPlace implements Place {
  constructor(readonly address: string) {}

  async manifest(signal?: AbortSignal): Promise<Manifest | undefined> {
    const path = join(this.address, MANIFEST_FILE);
    try {
      return parseManifest(await readFile(path, { encoding: 'utf8', ...(signal ? { signal } : {}) }), path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
      throw isSystemError(error) ? fileError(path, error) : error;
    }
  }

  async shard(
    shard: Shard,
    signal?: AbortSignal,
    onBytes?: (received: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const path = join(this.address, shard.file);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      if ((await stat(path)).size !== shard.bytes) throw hashMismatch(path);
      bytes = new Uint8Array(await readFile(path, { ...(signal ? { signal } : {}) }));
    } catch (error) {
      signal?.throwIfAborted();
      throw isSystemError(error) ? fileError(path, error) : error;
    }
    if (bytes.length !== shard.bytes || (await sha256(bytes)) !== shard.sha256) throw hashMismatch(path);
    onBytes?.(bytes.length);
    return decodeShard(shard, bytes, inflateOnThreads);
  }
}

/** The engine host of Node, Bun and Deno. */
export const nodeHost: EngineHost = {
  loadFactory: async (flavour) => (await FACTORIES[flavour]()).default,
  openPlace: (address, precision) =>
    /^https?:/.test(address)
      ? new HttpPlace(address, folderStore, precision, undefined, inflateOnThreads)
      : new FolderPlace(address),
};
