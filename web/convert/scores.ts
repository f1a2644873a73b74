/**
 * How right a network was on labeled pictures: overall, class by class, and where it went wrong.
 */
import type { Category, Precision } from '../weights/manifest.js';

/** What a network said of one picture. */
export interface Answer {
  file: string;
  path: string;
  /** Index of the true class. */
  label: number;
  /** The best classes, best first. */
  best: { index: number; score: number }[];
  /** Place of the true class among all, 0 for the best. */
  rank: number;
  /** Probability of the true class. */
  score: number;
}

/** Of one class. Shares are percent. */
export interface ClassScore {
  index: number;
  pictures: number;
  right: number;
  accuracy: number;
}

/** So many pictures of one class were taken for another. */
export interface Confusion {
  label: number;
  taken: number;
  pictures: number;
}

/** Scores over pictures. Shares are percent. */
export interface Scores {
  pictures: number;
  top1: number;
  top5: number;
  /** Mean of the classes' accuracies: each counts alike, however many pictures it has. */
  balanced: number;
  /** Classes that have pictures, by index. */
  classes: ClassScore[];
  /** Most frequent first. */
  confusions: Confusion[];
}

/** One precision's answers, with their scores. */
export interface Run {
  precision: Precision;
  answers: Answer[];
  scores: Scores;
}

/** What was measured. */
export interface Evaluation {
  folder: string;
  weights: string;
  categories: readonly Category[];
  /** How classes of the folder were found: by index, name or order. */
  by: string;
  notes: string[];
  /** The precision that `load` chooses first. */
  runs: Run[];
  /** int8 and float32 name the same class, percent of pictures; null with one precision. */
  agreement: number | null;
  failed: { file: string; code: string; message: string }[];
}

/** Classes that pictures are sorted into: a network with one logit tells whether its class is there or not. */
export const twoClasses = (categories: readonly Category[]): readonly Category[] => {
  const [only] = categories;
  return categories.length === 1 && only !== undefined ? [{ label: `not ${only.label}` }, only] : categories;
};

/** All classes with their scores, best first; for one logit, both of {@link twoClasses}. */
export function ranked(
  all: readonly { index: number; score: number }[],
  categories: number,
): { index: number; score: number }[] {
  const score = all[0]?.score;
  if (categories !== 1 || score === undefined) return all.map(({ index, score }) => ({ index, score }));
  const both = [
    { index: 1, score },
    { index: 0, score: 1 - score },
  ];
  return score >= 0.5 ? both : both.reverse();
}

/** Names of measures. */
export const MEASURES = { top1: 'top-1', top5: 'top-5', balanced: 'mean of classes' } as const;

/** A share in percent, to two decimals. */
export const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 0 : Number(((100 * part) / whole).toFixed(2));

const takenFor = ({ best }: Answer): number => best[0]?.index ?? -1;

export function scoresOf(answers: readonly Answer[]): Scores {
  const classes = new Map<number, ClassScore>();
  const confusions = new Map<string, Confusion>();
  for (const answer of answers) {
    const { label, rank } = answer;
    const score = classes.get(label) ?? { index: label, pictures: 0, right: 0, accuracy: 0 };
    score.pictures++;
    if (rank === 0) score.right++;
    else count(confusions, label, takenFor(answer));
    score.accuracy = percentOf(score.right, score.pictures);
    classes.set(label, score);
  }
  const byIndex = [...classes.values()].sort((a, b) => a.index - b.index);
  const mean = byIndex.reduce((sum, { right, pictures }) => sum + right / pictures, 0);
  return {
    pictures: answers.length,
    top1: percentOf(answers.filter(({ rank }) => rank === 0).length, answers.length),
    top5: percentOf(answers.filter(({ rank }) => rank < 5).length, answers.length),
    balanced: percentOf(mean, byIndex.length),
    classes: byIndex,
    confusions: [...confusions.values()].sort(
      (a, b) => b.pictures - a.pictures || a.label - b.label || a.taken - b.taken,
    ),
  };
}

function count(confusions: Map<string, Confusion>, label: number, taken: number): void {
  const key = `${label} ${taken}`;
  const confusion = confusions.get(key) ?? { label, taken, pictures: 0 };
  confusion.pictures++;
  confusions.set(key, confusion);
}

/** Pictures that were got wrong, the surest mistakes first. */
export function worstOf(answers: readonly Answer[]): Answer[] {
  const sureness = ({ best, score }: Answer): number => (best[0]?.score ?? 0) - score;
  return answers.filter(({ rank }) => rank > 0).sort((a, b) => sureness(b) - sureness(a));
}

/** Share of pictures with the same best class, percent; both lists hold the same pictures. */
export function agreementOf(a: readonly Answer[], b: readonly Answer[]): number {
  return percentOf(a.filter((answer, i) => takenFor(answer) === takenFor(b[i] as Answer)).length, a.length);
}
