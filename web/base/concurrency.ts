/**
 * Jobs one after the other, or a few at a time, in the order they came.
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

/** The signals of this realm that follow those of other realms and libraries. */
const followers = new WeakMap<AbortSignal, AbortSignal>();

/** The signal, or one of this realm's own that follows it: one listener, however many calls share the signal. */
function ofThisRealm(signal: AbortSignal): AbortSignal {
  const known = (signal as unknown) instanceof AbortSignal ? signal : followers.get(signal);
  if (known !== undefined) return known;
  const own = new AbortController();
  const stop = () => own.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  followers.set(signal, own.signal);
  return own.signal;
}

/**
 * A signal for one call that ends with any of those given. Calls listen to it, not to what they share: Node.js warns of
 * more than ten listeners.
 */
export const anyOf = (...signals: (AbortSignal | undefined)[]): AbortSignal =>
  AbortSignal.any(signals.flatMap((signal) => (signal === undefined ? [] : [ofThisRealm(signal)])));

/** What `work` gives; rejects with the signal's reason as soon as it aborts. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Lets whatever waits for this thread run first: messages, events. Without the 4 ms that browsers make of timers. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') return setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** Runs at most `free` tasks at a time, in order. */
export class Limiter {
  readonly #waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const wake = this.#waiting.shift();
      if (wake) wake();
      else this.free++;
    }
  }
}

/** The end of the last load of each key. Loads of the same weights over the network take turns: the first one fills the cache, those behind it
 * read from there instead of downloading the same shards again. Other processes and tabs are not counted. */
const last = new Map<string, Promise<unknown>>();

/**
 * Runs `work` when all earlier work of the same key has ended, however it ended.
 * @throws the signal's reason, at once, where it aborts while waiting; what `work` throws
 */
export async function inTurn<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const before = last.get(key);
  const mine = before === undefined ? work() : waitFor(before, signal).then(work);
  // Those behind wait for those before us too, even where we gave up waiting.
  const ended: Promise<unknown> = Promise.allSettled([before, mine]).then(() => {
    if (last.get(key) === ended) last.delete(key);
  });
  last.set(key, ended);
  return mine;
}

function waitFor(before: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason);
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop, { once: true });
    before.then(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
  });
}
