/**
 * Shards that were stored compressed, decoded by what every browser and Node.js have. Their hash was checked before.
 */
import { ResNet50Error } from '../base/errors.js';
import type { Shard } from './manifest.js';

/**
 * The bytes in a gzip file.
 * @param length that they must have: nothing is allocated beyond it
 * @throws where there are more or fewer, or it is no gzip file
 */
export type Inflate = (gzip: Uint8Array<ArrayBuffer>, length: number) => Promise<Uint8Array<ArrayBuffer>>;

/** By the web's own streams. */
export const inflateStream: Inflate = async (gzip, length) => {
  const inflated = new Uint8Array(length);
  const { readable, writable } = new DecompressionStream('gzip');
  // Written whole: a Blob's stream would fetch it back from another process in small pieces.
  const writer = writable.getWriter();
  for (const done of [writer.write(gzip), writer.close()]) done.catch(() => undefined); // the reader fails as well
  const reader = readable.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    inflated.set(value, at); // throws where it would end beyond the length
    at += value.length;
  }
  if (at !== length) throw new RangeError(`${at} bytes`);
  return inflated;
};

/**
 * The safetensors file in a shard's stored bytes.
 * @throws ResNet50Error WEIGHTS_FORMAT where they do not decode to the length that the manifest says
 */
export async function decodeShard(
  shard: Shard,
  stored: Uint8Array<ArrayBuffer>,
  inflate = inflateStream,
): Promise<Uint8Array<ArrayBuffer>> {
  if (shard.encoding === undefined) return stored;
  try {
    return await inflate(stored, shard.decodedBytes ?? 0);
  } catch (cause) {
    throw wrongBytes(shard, cause);
  }
}

const wrongBytes = (shard: Shard, cause: unknown): ResNet50Error =>
  new ResNet50Error(
    'WEIGHTS_FORMAT',
    `${shard.file} does not decode to the ${shard.decodedBytes} bytes that the manifest says: convert the checkpoint anew`,
    { subject: shard.file, cause },
  );
