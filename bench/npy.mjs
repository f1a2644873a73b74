// NumPy's files, as far as reference logits need them.
import { readFileSync } from 'node:fs';

/** The rows of a little-endian float32 .npy matrix (NumPy's format, version 1). */
export function readNpy(file) {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const [, rows, columns] = /'shape': \((\d+), (\d+)\)/.exec(bytes.toString('latin1', 10, start)).map(Number);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start), 0, rows * columns);
  return Array.from({ length: rows }, (_, r) => values.subarray(r * columns, (r + 1) * columns));
}
