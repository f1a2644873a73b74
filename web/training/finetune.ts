/**
 * Fine-tuning of layer4 and fc: feeds a trainer with what layer3 makes of the examples, begins with the classifier
 * that was trained on frozen features, and makes a variant of the result.
 */

import { check, isCount, isNumber } from '../base/check.js';
import type { FitOptions } from '../client/fit-options.js';
import type { Trainer } from '../client/training-module.js';
import type { FinetuneSettings } from '../core/trainer-types.js';
import type { LoadedFacts, StageOutput } from '../protocol/messages.js';
import type { FitReport } from '../protocol/training.js';
import type { FilesSource } from '../weights/source.js';
import { type Layer4, replaceLayer4, scaleChannels, takeLayer4 } from './layer4.js';

/** True where layer4 is to be trained. */
export const unfreezesLayer4 = ({ unfreeze = ['fc'] }: FitOptions): boolean => unfreeze.includes('layer4');

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export function checkFinetuneOptions(o: FitOptions): void {
  const { unfreeze = ['fc'] } = o;
  const names =
    Array.isArray(unfreeze) && unfreeze.includes('fc') && unfreeze.every((n) => ['layer4', 'fc'].includes(n));
  check(names, 'unfreeze', "must be ['fc'] or ['layer4', 'fc']: other stages stay as they are");
  for (const key of ['batchSize', 'rate', 'augment', 'labelSmoothing'] as const)
    check(o[key] === undefined || unfreezesLayer4(o), key, "is for unfreeze: ['layer4', 'fc']");
  check(o.method !== 'knn' || !unfreezesLayer4(o), 'unfreeze', "must not have layer4 with method 'knn'");
  check(o.batchSize === undefined || isCount(o.batchSize, 256), 'batchSize', 'must be a whole number, 1 to 256');
  check(o.rate === undefined || isNumber(o.rate, Number.MIN_VALUE, 1), 'rate', 'must be over 0 and at most 1');
  const smoothing = o.labelSmoothing === undefined || isNumber(o.labelSmoothing, 0, 0.5);
  check(smoothing, 'labelSmoothing', 'must be a share, 0 to 0.5');
  check(o.augment === undefined || typeof o.augment === 'boolean', 'augment', 'must be true or false');
}

/** Training of one model's layer4. */
export class Finetune {
  readonly #layer4: Layer4;
  #opened: Promise<null> | undefined;

  constructor(
    private readonly trainer: Trainer,
    private readonly source: FilesSource,
    private readonly facts: LoadedFacts,
    private readonly options: FitOptions,
    private readonly plan: { classes: string[]; holdOut: number },
    private readonly signal: AbortSignal,
  ) {
    this.#layer4 = takeLayer4(source);
  }

  /** Takes layer3's output for an example. */
  async add({ data, shape }: StageOutput, label: number): Promise<void> {
    const [, height, width] = shape;
    this.#opened ??= this.#open(height, width);
    await this.#opened;
    const map = scaleChannels(data, this.#layer4.factors.input, height * width, true);
    const { connection } = this.trainer;
    await connection.call('finetune-add', { map, label }, { signal: this.signal, transfer: [map.buffer] });
  }

  #open(height: number, width: number): Promise<null> {
    const { batchSize = 16, epochs = 8, patience = 3, rate = 0.003, labelSmoothing = 0 } = this.options;
    const { augment = true, seed = 0 } = this.options;
    const { classes, holdOut } = this.plan;
    const { connection, wasmFile, threads } = this.trainer;
    const settings: FinetuneSettings = {
      ...{ classes: classes.length, batchSize, epochs, patience, holdOut, rate, labelSmoothing },
      ...{ augment, seed, threads, height, width },
    };
    return connection.call('finetune-open', { wasmFile, settings }, { signal: this.signal });
  }

  /** Trains from the given classifier on, and gives the variant. */
  async run(head: { weight: Float32Array; bias: Float32Array }, report: FitReport): Promise<FilesSource> {
    const { parameters, factors } = this.#layer4;
    const { precision, transforms } = this.facts;
    const weight = scaleChannels(Float32Array.from(head.weight), factors.output, 1);
    const input = this.source.manifest.ranges['layer3.5.add'] ?? [0, 1];
    const { onProgress } = this.options;
    const job = {
      ...{ input, precision },
      parameters: { ...parameters, 'fc.weight': weight, 'fc.bias': Float32Array.from(head.bias) },
    };
    const done = await this.trainer.connection.call('finetune-run', job, { signal: this.signal, onProgress });
    report.finetuned = done.report;
    const { classes } = this.plan;
    return replaceLayer4(this.source, { ...done, classes, transforms, precision, report });
  }
}
