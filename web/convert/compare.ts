/**
 * How far logits are from a reference's, in units of the reference's own standard deviation.
 */
import { argmax } from '../weights/measures.js';

type Row = Float64Array | Float32Array;

/** Of one picture. */
export interface Difference {
  /** Root of the mean square over classes, and the largest of them. */
  rms: number;
  largest: number;
  /** Both name the same class. */
  agrees: boolean;
}

/** Standard deviation of all logits; 1 where they are all the same. */
export function deviationOf(rows: readonly Row[]): number {
  let [count, sum, squares] = [0, 0, 0];
  for (const row of rows) {
    for (const value of row) sum += value;
    count += row.length;
  }
  for (const row of rows) for (const value of row) squares += (value - sum / count) ** 2;
  return Math.sqrt(squares / count) || 1;
}

export function differenceOf(row: Row, reference: Row, deviation: number): Difference {
  let [squares, largest] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs((row[i] as number) - (reference[i] as number)) / deviation;
    squares += difference ** 2;
    largest = Math.max(largest, difference);
  }
  const agrees = argmax(row as Float32Array) === argmax(reference as Float32Array);
  return { rms: Math.sqrt(squares / reference.length), largest, agrees };
}

/** Mean of the pictures' rms. */
export const meanRms = (differences: readonly Difference[]): number =>
  differences.reduce((sum, { rms }) => sum + rms, 0) / differences.length;

/**
 * If the rows are the references with classes in another order: which class of ours each of the reference's is. Null where
 * they are not, or where too few pictures could tell.
 */
export function classOrder(rows: readonly Row[], references: readonly Row[]): number[] | null {
  const classes = references[0]?.length ?? 0;
  if (classes < 2 || rows.length < 4) return null;
  const [ours, theirs] = [standardized(rows, classes), standardized(references, classes)];
  const order = theirs.map((column) => {
    const products = ours.map((own) => own.reduce((sum, value, i) => sum + value * (column[i] as number), 0));
    return argmax(products);
  });
  const moved = order.some((index, i) => index !== i);
  if (!moved || new Set(order).size !== classes) return null;
  const alike = theirs.every((column, i) => correlation(ours[order[i] as number] as Float64Array, column) > 0.9);
  return alike ? order : null;
}

/** Columns with mean 0 and length 1. */
function standardized(rows: readonly Row[], classes: number): Float64Array[] {
  return Array.from({ length: classes }, (_, k) => {
    const column = Float64Array.from(rows, (row) => row[k] as number);
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    const length = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0)) || 1;
    return column.map((value) => (value - mean) / length);
  });
}

const correlation = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
