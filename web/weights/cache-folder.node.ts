/**
 * Verified shards that came over HTTP, in the user's cache folder by content hash (Node's counterpart of Cache Storage).
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, writeDeep } from '../base/files.node.js';
import { sha256 } from '../base/sha256.js';
import type { CachedShard, ShardStore, WeightsCache } from './cache.js';

const shardsFolder = (): string => join(cacheFolder(), 'shards');
const shardPath = (hash: string): string => join(shardsFolder(), `${hash}.safetensors`);
const textPath = (url: string): string =>
  join(cacheFolder(), 'manifests', `${createHash('sha256').update(url).digest('hex')}.json`);

/** Half-written files older than this are those of a process that was killed, milliseconds. */
const ABANDONED = 3_600_000;
/** Swept once a realm. */
let swept: Promise<void> | undefined;

/** Removes what killed processes have left half-written. */
async function sweep(): Promise<void> {
  for (const name of await readdir(shardsFolder())) {
    const path = join(shardsFolder(), name);
    if (name.endsWith('.tmp') && Date.now() - (await stat(path)).mtimeMs > ABANDONED) await rm(path, { force: true });
  }
}

/** A store in the user's cache folder. */
export const folderStore: ShardStore = {
  keepsDecoded: false,
  async get(shard) {
    const bytes = new Uint8Array(await readFile(shardPath(shard.sha256)));
    if (bytes.length === shard.bytes && (await sha256(bytes)) === shard.sha256) return bytes;
    await rm(shardPath(shard.sha256), { force: true });
    return undefined;
  },
  async put(shard, bytes) {
    swept ??= sweep().catch(() => undefined);
    await swept;
    await writeDeep(shardPath(shard.sha256), bytes);
  },
  getText: (url) => readFile(textPath(url), 'utf8'),
  putText: (url, text) => writeDeep(textPath(url), text),
};

/** {@link WeightsCache} over the cache folder. Variants that were installed by the `weights` command stay. */
export const nodeWeightsCache: WeightsCache = {
  async list() {
    const names = await Promise.resolve()
      .then(() => readdir(shardsFolder()))
      .catch(() => []);
    const shards = names.filter((name) => /^[0-9a-f]{64}\.safetensors$/.test(name));
    return Promise.all(
      shards.map(async (file): Promise<CachedShard> => {
        const { size } = await stat(join(shardsFolder(), file));
        return { sha256: file.slice(0, 64), file, bytes: size };
      }),
    );
  },
  async delete() {
    const some = (await nodeWeightsCache.list()).length > 0;
    await rm(shardsFolder(), { recursive: true, force: true });
    await rm(join(cacheFolder(), 'manifests'), { recursive: true, force: true });
    return some;
  },
};
