/**
 * How alike pictures are, by their embeddings.
 */
import { check } from '../base/check.js';

/** A vector of any kind of numbers. */
export type Vector = ArrayLike<number>;

/**
 * The cosine of the angle between two vectors, -1..1; 0 where one of them is zero.
 * @throws ResNet50Error INVALID_ARGUMENT where their lengths differ, or a number is not finite
 */
export function cosineSimilarity(a: Vector, b: Vector): number {
  const lengths = `of ${a?.length} and ${b?.length} numbers`;
  check(
    a?.length >= 0 && a.length === b?.length,
    'vectors',
    `${lengths} cannot be compared: embed both with the same model`,
  );
  const [unitA, unitB] = [unitOf(a), unitOf(b)];
  let [dot, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] as number) / unitA, (b[i] as number) / unitB];
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  const product = Math.sqrt(squareA) * Math.sqrt(squareB);
  return product === 0 ? 0 : Math.max(-1, Math.min(1, dot / product));
}

/** A power of two, which costs no bit: numbers measured by it have squares that neither overflow nor vanish. */
function unitOf(vector: Vector): number {
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i] as number));
  check(most < Number.POSITIVE_INFINITY, 'vectors', 'must hold finite numbers only');
  return most === 0 ? 1 : 2 ** Math.min(1023, Math.floor(Math.log2(most)));
}

/** Positions of `vectors` by their similarity to `query`, most similar first, equals in their order. */
export function rankBySimilarity(query: Vector, vectors: readonly Vector[]): { index: number; score: number }[] {
  return vectors
    .map((vector, index) => ({ index, score: cosineSimilarity(query, vector) }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
}
