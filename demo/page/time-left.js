// How long a download takes from now on, by what came in the last seconds. Knows nothing of downloads.

/** Milliseconds: what came before says little of the line as it is. */
const WINDOW = 5000;
/** Before that nothing is foretold. */
const LEAST = 1500;

/** @returns {(loaded: number, total: number, now: number) => number | undefined} seconds, once they are known */
export function createTimeLeft() {
  /** @type {{ loaded: number, now: number }[]} oldest first */
  let seen = [];
  return (loaded, total, now) => {
    seen = [...seen.filter((one) => now - one.now <= WINDOW), { loaded, now }];
    const [first] = seen;
    const [bytes, time] = [loaded - first.loaded, now - first.now];
    return time < LEAST || bytes <= 0 ? undefined : (((total - loaded) / bytes) * time) / 1000;
  };
}
