/**
 * A folder of weights on disk.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText, fileError, isSystemError, systemCode } from '../base/files.node.js';
import { sha256 } from '../base/sha256.js';
import { decodeShard } from './compression.js';
import { hashMismatch } from './download.js';
import type { WeightsFolder } from './folder.js';
import { inflateOnThreads } from './inflate.node.js';
import { MANIFEST_FILE, type Manifest, parseManifest, type Shard } from './manifest.js';

/** A folder on disk. */
export class DiskFolder implements WeightsFolder {
  constructor(readonly address: string) {}

  async manifest(signal?: AbortSignal): Promise<Manifest | undefined> {
    const path = join(this.address, MANIFEST_FILE);
    try {
      return parseManifest(decodeText(await readFile(path, { ...(signal ? { signal } : {}) })), path);
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
