/**
 * How far one network's logits are from another's, and from the truth.
 */

/** Measures over labeled images; shares are percent. */
export interface Measures {
  images: number;
  top1: number;
  top5: number;
  /** Images whose best class is the reference's. */
  agreement?: number;
  /** Mean Kullback-Leibler divergence of the softmax from the reference's, nats. */
  meanKl?: number;
  /** Power of the reference's logits about their mean over that of the difference, dB; absent where nothing differs. */
  signalToNoise?: number;
}

type Row = Float32Array | readonly number[];

/** Index of the highest value, the first of equals. */
export function argmax(row: Row): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] as number) > (row[best] as number)) best = i;
  return best;
}

function isAmongBest(row: Row, label: number, count: number): boolean {
  let above = 0;
  for (const value of row) if (value > (row[label] as number)) above++;
  return above < count;
}

function logSoftmax(row: Row): Float64Array {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of row) highest = Math.max(highest, value);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - highest);
  return Float64Array.from(row, (value) => value - highest - Math.log(sum));
}

function divergence(reference: Row, row: Row): number {
  const p = logSoftmax(reference);
  const q = logSoftmax(row);
  return p.reduce((sum, logP, i) => sum + Math.exp(logP) * (logP - (q[i] as number)), 0);
}

function signalToNoise(references: readonly Row[], rows: readonly Row[]): number {
  let signal = 0;
  let noise = 0;
  for (const [i, reference] of references.entries()) {
    let mean = 0;
    for (const value of reference) mean += value / reference.length;
    for (let k = 0; k < reference.length; k++) {
      const value = reference[k] as number;
      signal += (value - mean) ** 2;
      noise += (value - (rows[i]?.[k] as number)) ** 2;
    }
  }
  return 10 * Math.log10(signal / noise);
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Measures of `rows` against labels, and against a reference where there is one. */
export function measure(rows: readonly Row[], labels: readonly number[], references?: readonly Row[]): Measures {
  const share = (test: (row: Row, i: number) => boolean): number =>
    round((100 * rows.filter(test).length) / rows.length, 2);
  const measures: Measures = {
    images: rows.length,
    top1: share((row, i) => argmax(row) === labels[i]),
    top5: share((row, i) => isAmongBest(row, labels[i] as number, 5)),
  };
  if (references === undefined) return measures;
  const reference = (i: number): Row => references[i] as Row;
  const kl = rows.reduce((sum, row, i) => sum + divergence(reference(i), row), 0) / rows.length;
  const ratio = round(signalToNoise(references, rows), 2);
  return {
    ...measures,
    agreement: share((row, i) => argmax(row) === argmax(reference(i))),
    meanKl: round(kl, 5),
    ...(Number.isFinite(ratio) ? { signalToNoise: ratio } : {}),
  };
}
