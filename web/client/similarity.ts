/**
 * How alike pictures are, by their embeddings.
 */
import { check } from '../base/check.js';

/** A vector of any kind of numbers. */
export type Vector = ArrayLike<number>;

/**
 * The cosine of the angle between two vectors, -1..1; 0 where one of them is zero.
 * @throws ResNet50Error INVALID_ARGUMENT where their lengths differ
 */
export function cosineSimilarity(a: Vector, b: Vector): number {
  const lengths = `of ${a.length} and ${b.length} numbers`;
  check(a.length === b.length, 'vectors', `${lengths} cannot be compared: embed both with the same model`);
  let [dot, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  const product = Math.sqrt(squareA) * Math.sqrt(squareB);
  return product === 0 ? 0 : Math.max(-1, Math.min(1, dot / product));
}

/** Positions of `vectors` by their similarity to `query`, most similar first, equals in their order. */
export function rankBySimilarity(query: Vector, vectors: readonly Vector[]): { index: number; score: number }[] {
  return vectors
    .map((vector, index) => ({ index, score: cosineSimilarity(query, vector) }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
}
