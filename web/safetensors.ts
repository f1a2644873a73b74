/**
 * Writes safetensors files, as the safetensors project defines them. Knows nothing of what the tensors mean.
 */

/** A tensor to write. */
export interface StoredTensor {
  name: string;
  /** As the format names it: F32, I8, I32... */
  dtype: string;
  shape: readonly number[];
  /** Row-major, little-endian. */
  bytes: Uint8Array;
}

/** A file of these tensors, in their order; the header is padded with spaces to a multiple of eight bytes. */
export function formatSafetensors(
  tensors: readonly StoredTensor[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const begin = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(begin + end).fill(32, 8, begin);
  new DataView(file.buffer).setBigUint64(0, BigInt(begin - 8), true);
  file.set(text, 8);
  let at = begin;
  for (const { bytes } of tensors) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
