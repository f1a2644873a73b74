/**
 * The network as a table, like torchinfo's: module, output shape, parameters, multiply-accumulates.
 */

import { ANY, check, checkOptions } from '../base/check.js';
import { type Module, resnet50Modules } from '../base/resnet50.js';

/** One line of a {@link Summary}. A container counts what it holds. */
export interface SummaryRow {
  /** torchvision's path. */
  name: string;
  /** torch's class of module. */
  type: Module['type'];
  /** How deep it lies, 1 for conv1. */
  depth: number;
  /** [batch, channels, height, width], or [batch, classes]. */
  output: number[];
  parameters: number;
  /** Multiply-accumulates of convolutions and the classifier. */
  macs: number;
}

/** What `model.summary()` gives; as text, a table. */
export interface Summary {
  rows: SummaryRow[];
  parameters: number;
  macs: number;
  toString(): string;
}

/** Options of `summary`. */
export interface SummaryOptions {
  /** Side of the image, or [height, width]; 32 to 4096. Default 224. */
  inputSize?: number | readonly [number, number];
  /** Images at a time. Default 1. */
  batch?: number;
  /** Modules deeper than this are left out of the rows (their containers count them). Default: none is. */
  depth?: number;
}

/** @throws ResNet50Error INVALID_ARGUMENT */
export function summarize(classes: number, options: SummaryOptions = {}): Summary {
  checkOptions(options, { inputSize: ANY, batch: ANY, depth: ANY });
  const { inputSize = 224, batch = 1, depth = 4 } = options;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  const isSide = (n: number) => Number.isInteger(n) && n >= 32 && n <= 4096;
  check(isSide(height) && isSide(width), 'inputSize', 'must be one or two whole numbers, 32 to 4096');
  check(Number.isInteger(batch) && batch >= 1, 'batch', 'must be a whole number from 1');
  check(depth >= 1, 'depth', 'must be a number from 1');
  const modules = resnet50Modules(classes, height, width);
  const rows = modules.map(({ name, type, output }): SummaryRow => {
    const held = modules.filter((m) => m.name === name || m.name.startsWith(`${name}.`));
    const parameters = sum(held.flatMap((m) => m.parameters.map(({ count }) => count)));
    const macs = batch * sum(held.map((m) => m.macs));
    return { name, type, depth: name.split('.').length, output: [batch, ...output], parameters, macs };
  });
  const [parameters, macs] = [totalOf(rows, 'parameters'), totalOf(rows, 'macs')];
  const shown = rows.filter((row) => row.depth <= depth);
  return { rows: shown, parameters, macs, toString: () => table(shown, parameters, macs) };
}

const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);
const totalOf = (rows: SummaryRow[], key: 'parameters' | 'macs'): number =>
  sum(rows.filter(({ depth }) => depth === 1).map((row) => row[key]));

function table(rows: SummaryRow[], parameters: number, macs: number): string {
  const count = (n: number) => (n === 0 ? '' : n.toLocaleString('en'));
  const cells = [
    ['Layer', 'Type', 'Output', 'Parameters', 'MACs'],
    ...rows.map((r) => [
      `${'  '.repeat(r.depth - 1)}${r.name.slice(r.name.lastIndexOf('.') + 1)}`,
      ...[r.type, `[${r.output.join(', ')}]`, count(r.parameters), count(r.macs)],
    ]),
    ['Total', '', '', count(parameters), count(macs)],
  ];
  const widths = cells[0]?.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0))) ?? [];
  const line = (row: string[]) =>
    row.map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return cells.map((row) => line(row).trimEnd()).join('\n');
}
