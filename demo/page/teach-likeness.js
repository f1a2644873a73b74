// Whether a picture is like any that was shown: its embedding beside those of the examples. Arithmetic alone, without a page.

/** With fewer examples of a class, nothing is said: one or two do not tell how much a class's pictures differ. */
const LEAST = 3;

function normalized(vector) {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((x) => x / length);
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Likeness of a unit vector to the nearest of others. */
const toNearest = (vector, others) => others.reduce((best, other) => Math.max(best, dot(vector, other)), -1);

/** How like its nearest other example of its class the least alike example is. @param {Float32Array[][]} classes unit vectors */
const leastAlike = (classes) =>
  Math.min(
    ...classes.flatMap((vectors) =>
      vectors.map((vector) =>
        toNearest(
          vector,
          vectors.filter((other) => other !== vector),
        ),
      ),
    ),
  );

/**
 * Tells pictures that are like none of the examples: less like the nearest than every example is to its nearest other one of
 * its class, leaving itself out. Nothing is tuned: the examples set the limit.
 * @param {{ label: string, embedding: Float32Array }[]} examples
 * @returns {((embedding: Float32Array) => boolean) | null} null where a class has too few examples to tell
 */
export function createStranger(examples) {
  const byClass = new Map();
  for (const { label, embedding } of examples)
    byClass.set(label, [...(byClass.get(label) ?? []), normalized(embedding)]);
  const classes = [...byClass.values()];
  if (classes.length === 0 || classes.some((vectors) => vectors.length < LEAST)) return null;
  const all = classes.flat();
  let limit; // costs a while for many examples: when it is asked for
  return (embedding) => {
    limit ??= leastAlike(classes);
    return toNearest(normalized(embedding), all) < limit;
  };
}
