/**
 * Parquet files (through hyparquet-writer), a row group at a time, so that memory holds one of them. Loaded only by who writes
 * one.
 */
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { FEATURES } from '../base/resnet50.js';
import type { ResultFile } from '../base/write.node.js';
import type { Outcome, OutcomeWriter } from './outcome.js';
import type { VectorContent } from './vectors.js';

/** A column: its schema, parents first, and what of a row it holds. */
interface Column<Row> {
  schema: readonly [SchemaElement, ...SchemaElement[]];
  of: (row: Row) => unknown;
  /** How it is stored, where that is not left to the library. */
  stored?: Partial<ColumnSource>;
}

/** Bytes on their way into a file. */
class FileBytes extends ByteWriter {
  #written = 0;

  constructor(private readonly file: ResultFile) {
    super(1 << 20);
  }

  /** The library waits for it after each row group. */
  async flush(): Promise<void> {
    await this.file.write(this.getBytes(), this.#written);
    this.#written += this.index;
    this.index = 0;
  }

  override finish(): Promise<void> {
    return this.flush();
  }
}

/** The content of a Parquet file, which grows. */
class Table<Row> {
  readonly #writer: ParquetWriter;
  #rows: Row[] = [];

  /**
   * @param file whose owner commits or abandons it
   * @param rowsPerGroup rows that wait in memory
   */
  constructor(
    file: ResultFile,
    private readonly columns: readonly Column<Row>[],
    private readonly rowsPerGroup: number,
    facts: Readonly<Record<string, string>>,
  ) {
    const root = { name: 'root', num_children: columns.length };
    this.#writer = new ParquetWriter({
      writer: new FileBytes(file),
      schema: [root, ...columns.flatMap(({ schema }) => schema)],
      kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value })),
      createdBy: `resnet50-wasm ${__VERSION__}`,
    });
  }

  /** @throws ResNet50Error CANNOT_WRITE */
  async append(row: Row): Promise<void> {
    this.#rows.push(row);
    if (this.#rows.length >= this.rowsPerGroup) await this.#writeGroup();
  }

  /** Completes the content. */
  async finish(): Promise<void> {
    if (this.#rows.length > 0) await this.#writeGroup();
    await this.#writer.finish();
  }

  async #writeGroup(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    const columnData = this.columns.map(({ schema: [{ name }], of, stored }) => ({
      name,
      data: rows.map(of),
      ...stored,
    }));
    await this.#writer.write({ columnData, rowGroupSize: rows.length });
  }
}

const text = (name: string, repetition_type: 'REQUIRED' | 'OPTIONAL'): SchemaElement => ({
  ...{ name, type: 'BYTE_ARRAY', repetition_type },
  ...{ converted_type: 'UTF8', logical_type: { type: 'STRING' } },
});

interface VectorRow {
  file: string;
  vector: Float32Array;
}

const VECTOR_COLUMNS: readonly Column<VectorRow>[] = [
  { schema: [text('file', 'REQUIRED')], of: ({ file }) => file },
  {
    schema: [
      {
        ...{ name: 'embedding', repetition_type: 'REQUIRED', num_children: 1 },
        ...{ converted_type: 'LIST', logical_type: { type: 'LIST' } },
      },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
    of: ({ vector }) => Array.from(vector),
    // Such numbers do not repeat: neither a dictionary nor compression makes them shorter.
    stored: { encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false, offsetIndex: false },
  },
];

/** 4 MB of numbers; the library holds them as an array of doubles with two levels each, 50 MB. */
const VECTORS_PER_GROUP = 512;

/** A Parquet file of vectors: `file`, `embedding` (a list of 2048 float32). */
export class ParquetVectors implements VectorContent {
  readonly #table: Table<VectorRow>;

  constructor(file: ResultFile, weights: string) {
    this.#table = new Table(file, VECTOR_COLUMNS, VECTORS_PER_GROUP, { weights, features: String(FEATURES) });
  }

  append(file: string, vector: Float32Array): Promise<void> {
    return this.#table.append({ file, vector });
  }

  finish(): Promise<void> {
    return this.#table.finish();
  }
}

interface ClassRow {
  file: string;
  index?: number;
  wnid?: string;
  label?: string;
  score?: number;
  error?: string;
}

const CLASS_COLUMNS: readonly Column<ClassRow>[] = [
  { schema: [text('file', 'REQUIRED')], of: ({ file }) => file },
  { schema: [{ name: 'index', type: 'INT32', repetition_type: 'OPTIONAL' }], of: ({ index }) => index },
  { schema: [text('wnid', 'OPTIONAL')], of: ({ wnid }) => wnid },
  { schema: [text('label', 'OPTIONAL')], of: ({ label }) => label },
  { schema: [{ name: 'score', type: 'DOUBLE', repetition_type: 'OPTIONAL' }], of: ({ score }) => score },
  { schema: [text('error', 'OPTIONAL')], of: ({ error }) => error },
];

const CLASSES_PER_GROUP = 50_000;

/** The columns and rows of `classify --csv`: a row for each class, or one with the error. */
export function parquetClasses(file: ResultFile, weights: string): OutcomeWriter {
  const table = new Table(file, CLASS_COLUMNS, CLASSES_PER_GROUP, { weights });
  return {
    async one(outcome: Outcome) {
      const { file } = outcome;
      if ('error' in outcome) await table.append({ file, error: outcome.error.message });
      else
        for (const { index, wnid, label, score } of outcome.classes)
          await table.append({ file, index, wnid, label, score });
    },
    async end() {
      await table.finish();
      await file.commit();
    },
  };
}
