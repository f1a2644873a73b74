/**
 * Loads a model for a command: shows what is going on, and gets weights that are missing if the user wants them.
 */
import { createInterface } from 'node:readline/promises';
import { type LoadOptions, type ProgressEvent, ResNet50 } from '../index.node.js';
import { missingWeights } from '../node/get-weights.js';
import type { Weights } from '../weights/registry.js';
import { amount, type Progress, progressBar, shown } from './terminal.js';

/** Loading that takes longer than this shows a bar on a terminal, milliseconds. */
const LONG = 500;

/**
 * Loads the model, or what `open` makes. Asks on a terminal whether to get weights that are missing.
 * @throws as ResNet50.load
 */
export async function loadWithProgress(options: LoadOptions): Promise<ResNet50>;
export async function loadWithProgress<T>(options: LoadOptions, open: (options: LoadOptions) => Promise<T>): Promise<T>;
export async function loadWithProgress(
  options: LoadOptions,
  open: (options: LoadOptions) => Promise<unknown> = ResNet50.load,
): Promise<unknown> {
  try {
    return await load(options, open);
  } catch (error) {
    const missing = options.download ? undefined : missingWeights(error, options);
    if (missing === undefined || !(await agreed(missing))) throw error;
    return load({ ...options, download: true }, open);
  }
}

async function agreed({ name, url, meta }: Weights): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const size = typeof meta._file_size === 'number' ? ` (${Math.round(meta._file_size)} MB)` : '';
  const from = process.env.RESNET50_CHECKPOINTS || url;
  const question = shown`${name} is not installed. Get it from ${from}${size} and convert it, which takes minutes? [y/N] `;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

async function load<T>(options: LoadOptions, open: (options: LoadOptions) => Promise<T>): Promise<T> {
  const view = progressView();
  try {
    return await open({ ...options, onProgress: view.show });
  } finally {
    view.end();
  }
}

/** A bar for each phase that takes long enough to wonder. */
function progressView(): { show(event: ProgressEvent): void; end(): void } {
  const begun = Date.now();
  let progress: Progress | undefined;
  let title = '';
  const bar = (wanted: string): Progress => {
    if (progress === undefined || wanted !== title) {
      progress?.done();
      progress = progressBar(wanted);
      title = wanted;
    }
    return progress;
  };
  const show = ({ phase, loaded, total, shard }: ProgressEvent): void => {
    const fraction = total > 0 ? loaded / total : 0;
    if (phase === 'download') bar(shard).update(fraction, amount(loaded, total));
    if (phase === 'convert') bar('converting').update(fraction, shard);
    if (phase === 'weights' && process.stderr.isTTY && Date.now() - begun > LONG)
      bar('weights').update(fraction, amount(loaded, total));
  };
  return { show, end: () => progress?.done() };
}
