/**
 * Weights in memory as a folder: what fine-tuning made.
 */
import type { WeightsFolder } from './folder.js';
import type { FilesSource, FoundWeights, StoredFile } from './source.js';

/** Of weights in memory; shards are copies, and nobody waits for their bytes one by one. */
export function inMemory({ manifest, files }: FilesSource): FoundWeights {
  const folder: WeightsFolder = {
    address: 'memory',
    manifest: async () => manifest,
    shard: async (shard) => (files.find(({ file }) => file === shard.file) as StoredFile).bytes.slice(),
  };
  return { folder, manifest };
}
