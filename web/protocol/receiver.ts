/**
 * Answers requests by id: results, progress, errors, aborts. What both a network's host and a trainer's are.
 */
import { toPlainError } from '../base/errors.js';
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
      const handlers = this.handlers as unknown as Record<JobName, AnyHandler>;
      const value = await handlers[message.job](message.request, {
        signal,
        onProgress: (progress) => this.post({ id, progress }, []),
      });
      signal.throwIfAborted();
      this.post({ id, value, memoryBytes: this.memoryBytes, threads: this.threads }, buffersIn(value));
    } catch (error) {
      const plain = toPlainError(error);
      const fatal = plain.code === 'CORE_CRASHED';
      if (fatal) this.abandon();
      this.post({ id, error: plain, fatal }, []);
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

  /** Threads that turned out to be the fastest; 0 while nobody knows. */
  protected get threads(): number {
    return 0;
  }

  /** The jobs; of their results, the buffers of all numbers are moved. */
  protected abstract readonly handlers: Handlers<Names>;

  /** Forgets a core that has crashed: it must not be called again, not even to free what it has. */
  protected abstract abandon(): void;
}

/** The buffers of all numbers in a result: they are copies of its own, so they can be moved. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}
