/**
 * Answers requests by id: results, progress, errors, aborts. What both a network's host and a trainer's are.
 */
import { isAbort, ResNet50Error, toPlainError } from '../base/errors.js';
import type { Handlers, JobContext, JobName, Reply, Request } from './messages.js';

/** Sends a reply, and moves what it names. */
export type Post = (reply: Reply, transfer: Transferable[]) => void;

/** A handler of some job: the receiver looks it up by the request's own name, so the two fit. */
type AnyHandler = (request: unknown, context: JobContext<JobName>) => Promise<never>;

export abstract class Receiver<Names extends JobName> {
  readonly #running = new Map<number, AbortController>();

  constructor(private readonly post: Post) {}

  /** Takes one message. */
  async receive(message: Request): Promise<void> {
    if ('farewell' in message) return this.dispose();
    const { id } = message;
    if ('abort' in message) return this.#running.get(id)?.abort();
    const abort = new AbortController();
    const { signal } = abort;
    this.#running.set(id, abort);
    try {
      const { [message.job]: handle } = this.handlers as Partial<Record<JobName, AnyHandler>>;
      if (handle === undefined) throw new ResNet50Error('INTERNAL', `no such job: ${message.job}`);
      const value = await handle(message.request, {
        signal,
        onProgress: (progress) => this.post({ id, progress }, []),
      });
      signal.throwIfAborted();
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

  /** The jobs; of their results, the buffers of all numbers are moved. */
  protected abstract readonly handlers: Handlers<Names>;

  /** Whatever is neither ours nor an abort comes from wasm or its glue: the core's memory is in an unknown state. */
  protected abstract crashed(cause: unknown): ResNet50Error;
}

/** The buffers of all numbers in a result: they are copies of its own, so they can be moved. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}
