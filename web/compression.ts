/**
 * Shards that were stored compressed, decoded by what every browser and Node.js have. Knows nothing of where they came
 * from; their hash was checked before.
 */
import { ResNet50Error } from './errors.js';
import type { Shard } from './manifest.js';

/**
 * The safetensors file in a shard's stored bytes.
 * @throws ResNet50Error WEIGHTS_FORMAT where they do not decode to the length that the manifest says
 */
export async function decodeShard(shard: Shard, stored: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (shard.encoding === undefined) return stored;
  const length = shard.decodedBytes ?? 0;
  const decoded = new Uint8Array(length);
  let at = 0;
  try {
    const reader = new Blob([stored]).stream().pipeThrough(new DecompressionStream(shard.encoding)).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // A length over the promised one would throw here: nothing grows beyond what the manifest says.
      decoded.set(value, at);
      at += value.length;
    }
  } catch (cause) {
    throw wrongBytes(shard, cause);
  }
  if (at !== length) throw wrongBytes(shard);
  return decoded;
}

const wrongBytes = (shard: Shard, cause?: unknown): ResNet50Error =>
  new ResNet50Error(
    'WEIGHTS_FORMAT',
    `${shard.file} does not decode to the ${shard.decodedBytes} bytes that the manifest says: convert the checkpoint anew`,
    { subject: shard.file, cause },
  );
