/**
 * `--resume FILE`: results as NDJSON in a file that a later run goes on with. Each line is written by one call, so
 * that the end of the process at any moment costs at most the line in progress, which the next run removes.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fault } from '../base/check.js';
import { writeError } from '../base/files.node.js';

/** A file of results that is gone on with. */
export class Resumed {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    /** Names of the pictures whose results it holds. */
    readonly done: ReadonlySet<string>,
    /** How many of its results are no errors. */
    readonly successes: number,
  ) {}

  /**
   * Opens the file, or makes it; a last line that is cut off is removed.
   * @throws ResNet50Error CANNOT_WRITE; INVALID_ARGUMENT for files of other contents
   */
  static async open(path: string): Promise<Resumed> {
    const file = await open(path, 'a+').catch((error) => {
      throw writeError(path, error);
    });
    try {
      if (!(await file.stat()).isFile()) throw fault(path, 'is no regular file: --resume reads it before it writes');
      const { done, whole, successes } = await resultsIn(path);
      await file.truncate(whole);
      return new Resumed(path, file, done, successes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws ResNet50Error CANNOT_WRITE */
  async append(result: unknown): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(result)}\n`).catch((error) => {
      throw writeError(this.path, error);
    });
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** The pictures that a file has results of, and how many bytes its whole lines are. */
async function resultsIn(path: string): Promise<{ done: Set<string>; whole: number; successes: number }> {
  const done = new Set<string>();
  let whole = 0;
  let successes = 0;
  let number = 0;
  const stream = createReadStream(path);
  // Only '\n' ends a line: names may hold every other separator.
  for await (const line of linesOf(stream)) {
    if (!line.ended) break; // cut off
    number++;
    whole += line.bytes.length + 1;
    const result = resultOf(line.bytes);
    if (result === undefined) throw fault(path, `line ${number} is no result: choose another file`);
    done.add(result.file);
    if (!result.failed) successes++;
  }
  return { done, whole, successes };
}

function resultOf(line: Buffer): { file: string; failed: boolean } | undefined {
  try {
    const { file, error } = JSON.parse(line.toString()) as { file?: unknown; error?: unknown };
    return typeof file === 'string' ? { file, failed: error !== undefined } : undefined;
  } catch {
    return undefined;
  }
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield { bytes: Buffer.concat([...rest, chunk.subarray(from, end)]), ended: true };
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), ended: false };
}
