/**
 * int8 beside float32 on photos: what each network sees, and how far apart they are.
 */
import type { Activation } from '../base/activation.js';
import type { PhotoLogits } from '../protocol/conversion.js';
import type { Classification } from '../protocol/messages.js';
import type { Category, Precision } from '../weights/manifest.js';
import { argmax, type Measures, measure } from '../weights/measures.js';

/** Both networks on one photo. */
export interface PhotoReport {
  /** Of the file. */
  name: string;
  /** Index of its class, where one was given. */
  label?: number | undefined;
  /** Best guesses of each network, at most five, best first. */
  guesses: Record<Precision, Classification[]>;
  /** Whether both put the same class first. */
  agrees: boolean;
  /** Largest difference of a score. */
  difference: number;
  /** In the converter, on plain SIMD; `model.classify` is faster. */
  milliseconds: Record<Precision, number>;
}

/** What quantization changed. */
export interface ConversionReport {
  /** In the order they were given; without those that could not be read. */
  photos: PhotoReport[];
  /** Share of photos on which both networks put the same class first, 0..1; null without photos. */
  agreement: number | null;
  /** Of labeled photos, as the manifest has it. */
  measured?: { int8: Measures; f32: Measures } | undefined;
}

const GUESSES = 5;

/** Scores of logits, in double. */
function scoresOf(logits: Float32Array, activation: Activation): Float64Array {
  const scores = Float64Array.from(logits);
  if (activation === 'none') return scores;
  if (activation === 'sigmoid') return scores.map((value) => 1 / (1 + Math.exp(-value)));
  const highest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = scores.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / sum);
}

function best(scores: Float64Array, categories: readonly Category[]): Classification[] {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return order
    .slice(0, GUESSES)
    .map((index) => ({ index, ...(categories[index] as Category), score: scores[index] as number }));
}

/** What both networks made of a photo. */
export function photoReport(
  photo: { name: string; label?: number | undefined },
  { logits, milliseconds }: PhotoLogits,
  categories: readonly Category[],
  activation: Activation,
): PhotoReport {
  const [int8, f32] = [scoresOf(logits.int8, activation), scoresOf(logits.f32, activation)];
  // One logit decides between two classes.
  const choice = (scores: Float32Array) => (scores.length === 1 ? Number((scores[0] as number) > 0) : argmax(scores));
  return {
    ...photo,
    guesses: { int8: best(int8, categories), f32: best(f32, categories) },
    agrees: choice(logits.int8) === choice(logits.f32),
    difference: int8.reduce((most, score, i) => Math.max(most, Math.abs(score - (f32[i] as number))), 0),
    milliseconds,
  };
}

/** Logits of labeled photos, to be measured at the end. */
export class LabeledRows {
  readonly #rows: Record<Precision, Float32Array[]> = { int8: [], f32: [] };
  readonly #labels: number[] = [];

  /** One logit decides between two classes, as if the first one's were 0: labels 0 and 1. */
  add({ logits }: PhotoLogits, label: number): void {
    for (const precision of ['int8', 'f32'] as const) {
      const row = logits[precision];
      this.#rows[precision].push(row.length === 1 ? Float32Array.of(0, ...row) : row);
    }
    this.#labels.push(label);
  }

  measure(): ConversionReport['measured'] {
    const { int8, f32 } = this.#rows;
    if (this.#labels.length === 0) return undefined;
    return { int8: measure(int8, this.#labels, f32), f32: measure(f32, this.#labels) };
  }
}
