/**
 * Answers requests by id: results, progress, errors, aborts. What both a network's host and a trainer's are.
 */
import { isAbort, ResNet50Error, toPlainError } from '../base/errors.js';
import type { Job, JobResults, Reply, Request } from './messages.js';

/** Sends a reply, and moves what it names. */
export type Post = (reply: Reply, transfer: Transferable[]) => void;
export type Progress = Extract<Reply, { progress: unknown }>['progress'];

export abstract class Receiver {
  readonly #running = new Map<number, AbortController>();

  constructor(private readonly post: Post) {}

  /** Takes one message. */
  async receive(request: Request): Promise<void> {
    if ('farewell' in request) return this.dispose();
    const { id } = request;
    if ('abort' in request) return this.#running.get(id)?.abort();
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const onProgress = (progress: Progress) => this.post({ id, progress }, []);
      const value = await this.perform(request.job, onProgress, abort.signal);
      abort.signal.throwIfAborted();
      this.post({ id, value, memoryBytes: this.memoryBytes }, buffersIn(value));
    } catch (error) {
      const known = error instanceof ResNet50Error || isAbort(error);
      this.post({ id, error: toPlainError(known ? error : this.crashed(error)), fatal: !known }, []);
    } finally {
      this.#running.delete(id);
    }
  }

  /** Stops what is running. */
  dispose(): void {
    for (const abort of this.#running.values()) abort.abort();
  }

  /** wasm memory in use, bytes. */
  protected abstract readonly memoryBytes: number;

  /** Does a job; of its result, the buffers of all numbers are moved. */
  protected abstract perform(
    job: Job,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<JobResults[keyof JobResults]>;

  /** Whatever is neither ours nor an abort comes from wasm or its glue: the core's memory is in an unknown state. */
  protected abstract crashed(cause: unknown): ResNet50Error;
}

/** The buffers of all numbers in a result: they are copies of its own, so they can be moved. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}
