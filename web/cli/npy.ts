/**
 * Writes NumPy's .npy (format 1.0): a float32 matrix, row after row, so that memory holds one row only.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { cannotWrite } from '../base/files.node.js';

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

/** A .npy file that grows; it bears its name once it is complete. Throws ResNet50Error CANNOT_WRITE. */
export class NpyWriter {
  #rows = 0;

  private constructor(
    private readonly path: string,
    private readonly part: string,
    private readonly file: FileHandle,
    private readonly columns: number,
  ) {}

  static async create(path: string, columns: number): Promise<NpyWriter> {
    const part = `${path}.${process.pid}.part`;
    const file = await open(part, 'w').catch(cannotWrite(path));
    return new NpyWriter(path, part, file, columns);
  }

  /** Rows written so far. */
  get rows(): number {
    return this.#rows;
  }

  /** `row` has as many numbers as the matrix has columns. */
  async append(row: Float32Array): Promise<void> {
    const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
    await this.#write(bytes, HEADER_BYTES + this.#rows++ * bytes.length);
  }

  /** Completes the file. */
  async close(): Promise<void> {
    await this.#write(header(this.#rows, this.columns), 0);
    await this.file.close();
    await rename(this.part, this.path);
  }

  /** All of the bytes: a disk that fills up takes a part of them without an error. */
  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const writing = this.file.write(bytes, done, bytes.length - done, position + done);
      done += (await writing.catch(cannotWrite(this.path))).bytesWritten;
    }
  }

  /** Gives up: nothing is left behind. */
  async abandon(): Promise<void> {
    await this.file.close();
    await rm(this.part, { force: true });
  }
}
