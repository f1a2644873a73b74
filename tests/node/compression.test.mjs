// Compressed shards: decoded to exactly what the manifest promises, or refused by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { importSource } from './helpers.mjs';

const { decodeShard, inflateStream } = await importSource('weights/compression.ts');
const { inflateOnThreads } = await importSource('weights/inflate.node.ts');
const ways = { 'web streams': inflateStream, "Node's threads": inflateOnThreads };
const plain = new Uint8Array(300_000).map((_, i) => (i * i) >> 7);
const stored = new Uint8Array(gzipSync(plain));
const shard = (change) => ({
  ...{ file: 'a.gzip.safetensors', bytes: stored.length, sha256: '' },
  ...{ encoding: 'gzip', decodedBytes: plain.length },
  ...change,
});

for (const [way, inflate] of Object.entries(ways)) {
  test(`a gzip shard comes back as it was; a plain one is passed on (${way})`, async () => {
    assert.deepEqual(await decodeShard(shard(), stored, inflate), plain);
    assert.equal(await decodeShard({ file: 'a', bytes: 3, sha256: '' }, plain, inflate), plain);
  });

  for (const [what, change, bytes] of [
    ['longer than promised', { decodedBytes: plain.length - 1 }, stored],
    ['shorter than promised', { decodedBytes: plain.length + 1 }, stored],
    ['cut off', {}, stored.slice(0, stored.length / 2)],
    ['no gzip file', {}, plain.slice(0, 5000)],
  ]) {
    test(`a shard that is ${what} is refused (${way})`, async () => {
      const refused = { code: 'WEIGHTS_FORMAT', subject: 'a.gzip.safetensors' };
      await assert.rejects(decodeShard(shard(change), bytes, inflate), refused);
    });
  }
}
