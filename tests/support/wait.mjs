// Waiting in tests: for a condition, never for a fixed time, and never forever.
import { setTimeout as pause } from 'node:timers/promises';

/** Options of a test that must not hold up the rest of the run if it hangs. */
export const LIMIT = { timeout: 180_000 };

/**
 * Waits until the condition holds and returns what it gave.
 * @param {() => unknown} condition may be async
 * @param {{ what?: string, timeout?: number }} [options] `what` names the condition in the error
 */
export async function until(condition, { what = String(condition), timeout = 30_000 } = {}) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${timeout / 1000} s: ${what}`);
    await pause(20);
  }
}
