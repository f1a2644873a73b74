// Numbers as the page writes them. Knows nothing of where they come from.

/** A probability, 0..1, as a percentage with one decimal; never 0 or 100 unless it is. */
export function percent(share) {
  if (share > 0 && share < 0.0005) return '<0.1%';
  if (share < 1 && share >= 0.9995) return '>99.9%';
  return `${(100 * share).toFixed(1)}%`;
}

/**
 * A score as the network's activation makes it: a probability, or a logit.
 * @param {{ activation: 'softmax' | 'sigmoid' | 'none' } | null} info what `model.info()` tells
 */
export const scored = (score, info) => (info?.activation === 'none' ? score.toFixed(2) : percent(score));

/** A cosine as a percentage of likeness. */
export const likeness = (cosine) => `${Math.round(100 * Math.max(0, cosine))}% alike`;

/** A duration in milliseconds. */
export const milliseconds = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** Bytes as megabytes (10^6), without the unit. */
export const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
