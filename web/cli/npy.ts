/**
 * Writes NumPy's .npy (format 1.0): a float32 matrix, row after row, so that memory holds one row only.
 */
import type { ResultFile } from '../base/write.node.js';

/** Room for magic, version, length and the dictionary; a multiple of 64, as NumPy pads. */
const HEADER_BYTES = 128;

function header(rows: number, columns: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES, ' ');
  bytes.write('\x93NUMPY\x01\x00', 0, 'latin1');
  bytes.writeUInt16LE(HEADER_BYTES - 10, 8);
  bytes.write(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`, 10, 'latin1');
  bytes[HEADER_BYTES - 1] = 10;
  return bytes;
}

/** The content of a .npy file, which grows. Throws ResNet50Error CANNOT_WRITE. */
export class NpyWriter {
  #rows = 0;

  /** @param file whose owner commits or abandons it */
  constructor(
    private readonly file: ResultFile,
    private readonly columns: number,
  ) {}

  /** `row` has as many numbers as the matrix has columns. */
  async append(row: Float32Array): Promise<void> {
    const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
    await this.file.write(bytes, HEADER_BYTES + this.#rows++ * bytes.length);
  }

  /** Completes the content. */
  async finish(): Promise<void> {
    await this.file.write(header(this.#rows, this.columns), 0);
  }
}
