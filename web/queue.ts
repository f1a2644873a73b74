/**
 * Jobs one after the other, in the order they came.
 */

/** A queue of asynchronous jobs. */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * Runs `job` when all before it have settled, whatever became of them. Rejects with the signal's reason as soon as it
   * aborts; a job that has not begun by then never does.
   */
  add<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const result = this.#tail.then(() => {
      signal?.throwIfAborted();
      return job();
    });
    this.#tail = result.catch(() => undefined);
    return signal === undefined ? result : orAborted(result, signal);
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
