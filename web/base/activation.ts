/**
 * What makes scores of a network's logits.
 */

/** The order is that of `Activation` in src/head/top_k.h, which gets the index. */
export const ACTIVATIONS = ['softmax', 'sigmoid', 'none'] as const;

/**
 * 'softmax': probabilities of classes that exclude each other. 'sigmoid': a probability for each class by itself (several
 * may apply, or none). 'none': the logits themselves.
 */
export type Activation = (typeof ACTIVATIONS)[number];

/** What is meant where nothing is said: softmax over one class would always be 1. */
export const activationFor = (given: Activation | undefined, classes: number): Activation =>
  given ?? (classes === 1 ? 'sigmoid' : 'softmax');
