/**
 * Writes NumPy's .npy (format 1.0): a float32 matrix, row after row, so that memory holds one row only.
 */

/** Room for magic, version, length and the dictionary; a multiple of 64, as NumPy pads. */
export const HEADER_BYTES = 128;

function npyHeader(rows: number, columns: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES, ' ');
  bytes.write('\x93NUMPY\x01\x00', 0, 'latin1');
  bytes.writeUInt16LE(HEADER_BYTES - 10, 8);
  bytes.write(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`, 10, 'latin1');
  bytes[HEADER_BYTES - 1] = 10;
  return bytes;
}

/** The number of rows that the header of a file of {@link NpyWriter} states; undefined for other bytes. */
export function rowsStated(header: Buffer, columns: number): number | undefined {
  const rows = /'shape': \((\d+), /.exec(header.toString('latin1'))?.[1];
  return rows !== undefined && header.equals(npyHeader(Number(rows), columns)) ? Number(rows) : undefined;
}

/** The content of a .npy file, which grows. Throws what the file does. */
export class NpyWriter {
  /**
   * @param file whose owner commits or abandons it
   * @param rows that it has already
   */
  constructor(
    private readonly file: { write(bytes: Uint8Array, position: number): Promise<void> },
    private readonly columns: number,
    private rows = 0,
  ) {}

  /** `row` has as many numbers as the matrix has columns. */
  async append(row: Float32Array): Promise<void> {
    const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
    await this.file.write(bytes, HEADER_BYTES + this.rows * bytes.length);
    this.rows++;
  }

  /** Completes the content; it may grow on. */
  async finish(): Promise<void> {
    await this.file.write(npyHeader(this.rows, this.columns), 0);
  }
}
