/**
 * Weights in memory as a folder: what fine-tuning or a conversion made.
 */
import { ResNet50Error } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { decodeShard } from './compression.js';
import { hashMismatch } from './download.js';
import type { WeightsFolder } from './folder.js';
import { MANIFEST_FILE, parseManifest } from './manifest.js';
import type { FilesSource, FoundWeights, StoredFile, StoredSource } from './source.js';

const ADDRESS = 'memory';

/** Of weights in memory; shards are copies, and nobody waits for their bytes one by one. */
export function inMemory({ manifest, files }: FilesSource): FoundWeights {
  const folder: WeightsFolder = {
    address: ADDRESS,
    manifest: async () => manifest,
    shard: async (shard) => (files.find(({ file }) => file === shard.file) as StoredFile).bytes.slice(),
  };
  return { folder, manifest };
}

/**
 * Of files in memory, checked as those of any folder.
 * @throws ResNet50Error WEIGHTS_NOT_FOUND, MANIFEST_*
 */
export function storedInMemory({ files }: StoredSource): FoundWeights {
  const bytesOf = (name: string): Uint8Array<ArrayBuffer> => {
    const found = files.find(({ file }) => file === name);
    if (found !== undefined) return found.bytes.slice();
    throw new ResNet50Error('WEIGHTS_NOT_FOUND', `the files given as weights lack ${name}: give all of the variant`, {
      subject: name,
    });
  };
  const manifest = parseManifest(new TextDecoder().decode(bytesOf(MANIFEST_FILE)), MANIFEST_FILE);
  const folder: WeightsFolder = {
    address: ADDRESS,
    manifest: async () => manifest,
    async shard(shard) {
      const bytes = bytesOf(shard.file);
      if (bytes.length !== shard.bytes || (await sha256(bytes)) !== shard.sha256) throw hashMismatch(shard.file);
      return decodeShard(shard, bytes);
    },
  };
  return { folder, manifest };
}
