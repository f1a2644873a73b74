/**
 * Where `embed` writes vectors: a .npy or .parquet file that is there whole or not at all, or a .npy file that a later run
 * goes on with.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { fault } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { cannotWrite, systemCode, writeError } from '../base/files.node.js';
import { printable } from '../base/printable.js';
import { FEATURES } from '../base/resnet50.js';
import type { ResultFile } from '../base/write.node.js';
import { HEADER_BYTES, NpyWriter, rowsStated } from './npy.js';
import type { Outcome } from './outcome.js';
import { Resumed } from './resume.js';

/** Where vectors go, in turn. */
export interface VectorWriter {
  append(file: string, vector: Float32Array): Promise<void>;
  /** A picture that has none. */
  failed(outcome: Outcome): Promise<void>;
  /** Completes what was written, and puts it in its place. */
  finish(): Promise<void>;
}

/** What makes the content of a file that is not NumPy's. */
export type VectorContent = Pick<VectorWriter, 'append' | 'finish'>;

/** A whole file, and perhaps one with the names of its rows. Their owner abandons them. */
export class WholeVectors implements VectorWriter {
  readonly #names: string[] = [];
  readonly #content: VectorContent;

  /** @param content default: NumPy's */
  constructor(
    private readonly out: ResultFile,
    private readonly names: ResultFile | undefined,
    content?: VectorContent,
  ) {
    const npy = new NpyWriter(out, FEATURES);
    this.#content = content ?? { append: (_, vector) => npy.append(vector), finish: () => npy.finish() };
  }

  async append(file: string, vector: Float32Array): Promise<void> {
    await this.#content.append(file, vector);
    if (this.names !== undefined) this.#names.push(`${printable(file)}\n`);
  }

  async failed(): Promise<void> {
    // It has no row.
  }

  async finish(): Promise<void> {
    // Both are written before one of them takes its place.
    await this.#content.finish();
    await this.names?.write(new TextEncoder().encode(this.#names.join('')), 0);
    await this.out.commit();
    await this.names?.commit();
  }
}

const ROW_BYTES = FEATURES * Float32Array.BYTES_PER_ELEMENT;
/** Rows after which the number of rows is written. */
const STATED_EVERY = 256;

/**
 * FILE and FILE.ndjson, which has a line for each picture: its name, or its error. A row is written before its line, so that a
 * row without one is written again.
 */
export class ResumedVectors implements VectorWriter {
  #added = 0;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly names: Resumed,
    private readonly npy: NpyWriter,
  ) {}

  /** @throws ResNet50Error CANNOT_WRITE; INVALID_ARGUMENT for files of other contents */
  static async open(path: string): Promise<ResumedVectors> {
    const names = await Resumed.open(`${path}.ndjson`);
    let file: FileHandle | undefined;
    try {
      file = await openOrCreate(path);
      const rows = names.successes;
      await checkRows(path, file, rows);
      await file.truncate(HEADER_BYTES + rows * ROW_BYTES).catch(cannotWrite(path));
      const npy = new NpyWriter(writingInto(path, file), FEATURES, rows);
      await npy.finish();
      return new ResumedVectors(path, file, names, npy);
    } catch (error) {
      await file?.close();
      await names.close();
      throw error;
    }
  }

  /** Names of the pictures that are done. */
  get done(): ReadonlySet<string> {
    return this.names.done;
  }

  async append(file: string, vector: Float32Array): Promise<void> {
    await this.npy.append(vector);
    await this.names.append({ file });
    if (++this.#added % STATED_EVERY === 0) await this.npy.finish();
  }

  async failed(outcome: Outcome): Promise<void> {
    await this.names.append(outcome);
  }

  async finish(): Promise<void> {
    await this.npy.finish();
    await this.file.sync().catch(cannotWrite(this.path));
  }

  async close(): Promise<void> {
    await this.file.close();
    await this.names.close();
  }
}

/** Writes all of the bytes: a disk that fills up takes a part of them without an error. */
const writingInto = (path: string, file: FileHandle) => ({
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const writing = file.write(bytes, done, bytes.length - done, position + done);
      done += (await writing.catch(cannotWrite(path))).bytesWritten;
    }
  },
});

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+').catch((error) => {
      if (systemCode(error) === 'ENOENT') return open(path, 'wx+');
      throw error;
    });
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Whether the file is ours and has the rows whose names there are. */
async function checkRows(path: string, file: FileHandle, named: number): Promise<void> {
  const stats = await file.stat();
  if (!stats.isFile()) throw fault(path, 'is no regular file: --resume reads it before it writes');
  if (stats.size === 0 && named === 0) return;
  const head = Buffer.alloc(HEADER_BYTES);
  await file.read(head, 0, HEADER_BYTES, 0);
  const stated = rowsStated(head, FEATURES);
  if (stated === undefined) throw fault(path, 'was not written by embed: choose another file');
  const there = Math.floor((stats.size - HEADER_BYTES) / ROW_BYTES);
  // Rows without a line may be those of a run that was killed, but not if they were completed.
  if (there >= named && (named > 0 || stated === 0)) return;
  const advice = 'choose another file, or remove both';
  throw new ResNet50Error(
    'INVALID_ARGUMENT',
    `${path} holds ${there} rows, but ${path}.ndjson the names of ${named}: ${advice}`,
    { subject: path },
  );
}
