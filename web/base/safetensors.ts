/**
 * Safetensors files, as the safetensors project defines them: written, and read where they were checked before.
 */

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** The header of a file that the core has read, its metadata ({} for none), and where its data begins. */
export function headerOf(bytes: Uint8Array): { header: Header; metadata: Record<string, string>; data: number } {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(bytes.subarray(8, 8 + length)));
  const { __metadata__: metadata = {}, ...header } = JSON.parse(text);
  return { header, metadata, data: 8 + length };
}

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
  // A list of pairs: a tensor may be called '__proto__'.
  const header: [string, unknown][] = metadata === undefined ? [] : [['__metadata__', metadata]];
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header.push([name, { dtype, shape, data_offsets: [end, end + bytes.length] }]);
    end += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
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
