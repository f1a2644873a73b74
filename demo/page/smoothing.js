// Guesses of the camera that do not flicker: each class's score fades in and out over a few frames. Knows nothing of cameras.

/** Guesses of each frame that take part. */
export const CANDIDATES = 20;
/** Over this time a score goes most of the way to its new value, in milliseconds. */
const TIME_CONSTANT = 350;
/** Below this a class is forgotten. */
const NOTHING = 0.001;

/** @returns {(guesses: object[], now: number) => object[]} takes those of a frame, gives the smoothed ones, best first */
export function createSmoothing() {
  /** @type {Map<number, { guess: object, score: number }>} by index of the class */
  const known = new Map();
  let last;
  return (guesses, now) => {
    const weight = last === undefined ? 1 : 1 - Math.exp((last - now) / TIME_CONSTANT);
    last = now;
    for (const entry of known.values()) entry.score *= 1 - weight;
    for (const guess of guesses) {
      const before = known.get(guess.index)?.score ?? 0;
      known.set(guess.index, { guess, score: before + weight * guess.score });
    }
    for (const [index, { score }] of known) if (score < NOTHING) known.delete(index);
    return [...known.values()].sort((a, b) => b.score - a.score).map(({ guess, score }) => ({ ...guess, score }));
  };
}
