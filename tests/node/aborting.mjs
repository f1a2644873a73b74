// Aborts an operation at every await: before the first, second, third... continuation that runs after its start, until it ends
// without having been aborted. Node.js tells of each continuation of a promise (async_hooks).
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** An operation that has not ended by then hangs, milliseconds: a busy machine is slow. */
const HANGS_MS = 20_000;
/** After so long, and again after as long, steps double, milliseconds. */
const SLOW_MS = 4000;
/** More awaits than any operation here has. */
const MOST = 3000;

const timeOut = (what, signal) =>
  sleep(HANGS_MS, undefined, { signal }).then(
    () => assert.fail(`${what} hangs`),
    () => undefined,
  );

/** Starts the operation, aborts at the n-th continuation (0: before the start), and tells how it ended. */
async function abortAt(n, run) {
  const controller = new AbortController();
  const reason = new Error(`aborted at await ${n}`);
  let [count, ended] = [0, false];
  const promises = new Set();
  const hook = createHook({
    init(id, type) {
      if (type === 'PROMISE') promises.add(id);
    },
    // Not within callbacks of sockets and files, between the halves of which no code of anyone runs.
    before(id) {
      if (!ended && promises.has(id) && ++count === n) controller.abort(reason);
    },
  });
  if (n === 0) controller.abort(reason);
  const patience = new AbortController();
  hook.enable();
  try {
    const work = Promise.resolve().then(() => run(controller.signal));
    const value = await Promise.race([work, timeOut(`an operation aborted at await ${n}`, patience.signal)]);
    return { value, reason, signal: controller.signal };
  } catch (error) {
    return { error, reason, signal: controller.signal };
  } finally {
    ended = true;
    hook.disable();
    patience.abort();
  }
}

/**
 * @param {object} operation
 * @param {(signal: AbortSignal) => Promise<unknown>} operation.run
 * @param {(value: unknown) => void} operation.right asserts that a result is as without an abort
 * @param {(n: number) => unknown} [operation.after] asserts, after each abort, that nothing is left and the next call works
 * @param {number} [operation.step] 1 tries every await, 3 every third
 * @returns {Promise<{ awaits: number, aborted: number }>}
 */
export async function abortEverywhere({ run, right, after = () => undefined, step = 1 }) {
  let aborted = 0;
  const begun = performance.now();
  // Where a busy machine takes long, the later awaits are tried in larger steps.
  const stride = () => step * 2 ** Math.floor((performance.now() - begun) / SLOW_MS);
  for (let n = 0; n < MOST; n += stride()) {
    const { value, error, reason, signal } = await abortAt(n, run);
    if (error !== undefined) {
      assert.equal(error, reason, `await ${n}: ${error.stack}`);
      aborted++;
    } else right(value);
    await settled(() => getEventListeners(signal, 'abort').length === 0, `await ${n}: a listener stays on the signal`);
    await after(n);
    if (!signal.aborted) return { awaits: n, aborted };
  }
  return assert.fail(`the operation has not ended after ${MOST} awaits`);
}

/** Waits for what may take a moment after an operation has ended. */
export async function settled(ok, message) {
  for (const begun = performance.now(); !ok(); await sleep(5)) {
    if (performance.now() - begun > HANGS_MS) assert.fail(typeof message === 'string' ? message : message());
  }
}

/** Open files and threads of this process, where Linux tells. */
function openNow() {
  if (process.platform !== 'linux') return { files: [], threads: 0 };
  const links = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // that of the listing itself
    }
  });
  // fetch keeps connections for the next request.
  const files = links.filter((link) => !link.startsWith('socket:') && !link.startsWith('/proc/'));
  return { files, threads: readdirSync('/proc/self/task').length };
}

/** A check that there are no more open files and threads than now, in the end. */
export function nothingLeft() {
  const before = openNow();
  return async () => {
    const more = () => openNow().files.length > before.files.length || openNow().threads > before.threads;
    await settled(
      () => !more(),
      () => JSON.stringify({ before, now: openNow() }),
    );
  };
}
