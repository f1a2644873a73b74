/**
 * Runs of the core that take longer than a slice (src/bindings/runtime_session.cc), to their end.
 */
import { nextTurn } from '../base/concurrency.js';
import type { CoreResult, CoreRun, CoreSession } from './types.js';

/**
 * Lets whoever shares the thread have a turn between slices: an abort, or the visitor of a page that works in place.
 * @throws the signal's reason, between two slices; the session has given the run up by then
 */
export async function inSlices<T>(
  session: CoreSession,
  begun: CoreRun<T>,
  signal: AbortSignal,
): Promise<CoreResult<T>> {
  let run = begun;
  if (!run?.pending) return run;
  // At once: when this function goes on, the next run may have begun.
  const stop = () => session.cancel();
  signal.addEventListener('abort', stop);
  try {
    while (run.pending) {
      await nextTurn();
      signal.throwIfAborted();
      run = session.proceed() as CoreRun<T>;
    }
    return run;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The same for callers who have the thread for themselves. */
export function atOnce<T>(session: CoreSession, begun: CoreRun<T>): CoreResult<T> {
  let run = begun;
  while (run.pending) run = session.proceed() as CoreRun<T>;
  return run;
}
