/**
 * Loads of the same weights over the network take turns: the first one fills the cache, those behind it read from there
 * instead of downloading the same shards again. Knows nothing of what is loaded, nor of other processes and tabs.
 */

/** The end of the last load of each key. */
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
