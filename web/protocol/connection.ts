/**
 * The client's end of a port: requests by id, replies as promises, aborts, and the death of the host.
 */
import { describe, fromPlainError, ResNet50Error } from '../base/errors.js';
import type { JobName, Jobs, Port, Reply, Request } from './messages.js';

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  onProgress: ((event: unknown) => unknown) | undefined;
  /** Stops listening to the signal. */
  end(): void;
}

/** Options of one request. */
export interface CallOptions<N extends JobName> {
  signal?: AbortSignal | undefined;
  transfer?: Transferable[];
  onProgress?: ((event: Jobs[N]['progress']) => void) | undefined;
}

/** A host that does the jobs of these names, as an object with promises. */
export class Connection<Names extends JobName> {
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #dead: ResNet50Error | undefined;
  /** The end of the host, once it was told to end. */
  #ending: Promise<void> | undefined;
  #memoryBytes = 0;
  #threads = 0;

  constructor(private readonly port: Port) {
    port.onreply = (reply) => this.#receive(reply);
    port.ondeath = (why) =>
      this.#die(
        new ResNet50Error('CORE_CRASHED', `the worker ended by itself (${why}); the next call starts a fresh one`),
      );
    port.busy(false);
  }

  /** False once the host is unusable. */
  get alive(): boolean {
    return this.#dead === undefined;
  }

  /** wasm memory in use at the last reply, bytes. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Threads that turned out to be the fastest; 0 while nobody knows. */
  get threads(): number {
    return this.#threads;
  }

  /** Sends a job. Rejects with the signal's reason at once when it aborts; the host stops as soon as it can. */
  call<N extends Names>(
    job: N,
    request: Jobs[N]['request'],
    { signal, transfer = [], onProgress }: CallOptions<N> = {},
  ): Promise<Jobs[N]['result']> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#dead !== undefined) throw this.#dead;
      const id = this.#nextId++;
      const stop = () => {
        this.port.post({ id, abort: true }, []);
        this.#settle(id)?.reject(signal?.reason);
      };
      const end = () => signal?.removeEventListener('abort', stop);
      this.#pending.set(id, { resolve, reject, onProgress, end } as Pending);
      signal?.addEventListener('abort', stop, { once: true });
      this.port.busy(true);
      try {
        this.port.post({ id, job, request } as Request, transfer);
      } catch (error) {
        this.#settle(id);
        const why = `${job} was given something that cannot be sent to a worker: ${describe(error)}`;
        throw new ResNet50Error('INVALID_ARGUMENT', why, { subject: job, cause: error });
      }
    });
  }

  /** Ends the host; what is pending rejects with `reason`. Resolves when it has ended, after a crash too. */
  async close(reason = new ResNet50Error('DISPOSED', 'the model was disposed of')): Promise<void> {
    if (this.#dead === undefined) {
      this.#die(reason);
      this.#terminate();
    }
    await this.#ending;
  }

  #terminate(): void {
    this.#ending = Promise.resolve(this.port.terminate());
  }

  #receive(reply: Reply): void {
    if ('hello' in reply || 'farewell' in reply) return;
    if ('progress' in reply) {
      const { id, progress } = reply;
      // What the caller's function throws, now or later, ends the caller's call and nothing else.
      Promise.resolve(progress)
        .then(this.#pending.get(id)?.onProgress)
        .catch((error) => this.#settle(id)?.reject(error));
      return;
    }
    if ('value' in reply) {
      this.#memoryBytes = reply.memoryBytes;
      this.#threads = reply.threads;
      this.#settle(reply.id)?.resolve(reply.value);
      return;
    }
    const error = fromPlainError(reply.error);
    this.#settle(reply.id)?.reject(error);
    if (reply.fatal && error instanceof ResNet50Error) {
      this.#die(error);
      this.#terminate();
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.end();
    if (this.#pending.size === 0) this.port.busy(false);
    return pending;
  }

  #die(reason: ResNet50Error): void {
    this.#dead ??= reason;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }
}
