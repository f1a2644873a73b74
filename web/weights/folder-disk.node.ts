/**
 * A folder of weights on disk.
 */
import { join } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import { systemCode } from '../base/files.node.js';
import { free } from '../base/free.node.js';
import { readBytes, readText } from '../base/read.node.js';
import { sha256 } from '../base/sha256.js';
import { decodeShard } from './compression.js';
import { hashMismatch } from './download.js';
import type { WeightsFolder } from './folder.js';
import { inflateOnThreads } from './inflate.node.js';
import { MANIFEST_FILE, MAX_MANIFEST_BYTES, type Manifest, parseManifest, type Shard } from './manifest.js';

function notAManifest(path: string): never {
  const message = `${path} is longer than any manifest: check the folder`;
  throw new ResNet50Error('MANIFEST_FORMAT', message, { subject: path });
}

/** A folder on disk. */
export class DiskFolder implements WeightsFolder {
  constructor(readonly address: string) {}

  async manifest(signal?: AbortSignal): Promise<Manifest | undefined> {
    const path = join(this.address, MANIFEST_FILE);
    try {
      return parseManifest(await readText(path, { maxBytes: MAX_MANIFEST_BYTES, signal, tooLong: notAManifest }), path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode((error as Error | undefined)?.cause))) return undefined;
      throw error;
    }
  }

  async shard(
    shard: Shard,
    signal?: AbortSignal,
    onBytes?: (received: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const path = join(this.address, shard.file);
    const tooLong = () => {
      throw hashMismatch(path);
    };
    const bytes = await readBytes(path, { maxBytes: shard.bytes, signal, tooLong });
    if (bytes.length !== shard.bytes || (await sha256(bytes)) !== shard.sha256) throw hashMismatch(path);
    onBytes?.(bytes.length);
    const decoded = await decodeShard(shard, bytes, inflateOnThreads);
    if (decoded !== bytes) free(bytes);
    return decoded;
  }

  release(bytes: Uint8Array<ArrayBuffer>): void {
    free(bytes);
  }
}
