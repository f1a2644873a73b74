/**
 * Serves a trainer behind messages, as host.ts does a network: one job, epoch by epoch, so that aborts are
 * heard between them.
 */

import { describe, ResNet50Error } from '../../base/errors.js';
import { type CoreFactory, copyIn, startCore, unwrap } from '../../core/start.js';
import type { TrainerModule } from '../../core/trainer-types.js';
import type { Handlers, TrainerJobs } from '../../protocol/messages.js';
import { type Post, Receiver } from '../../protocol/receiver.js';
import type { FitProgress, Score, TrainingJob, TrainingResult } from '../../protocol/training.js';
import { Finetuning, pause } from './finetune-host.js';

/** Longest time without looking for messages, milliseconds. */
const DEAF_MS = 50;

/** Answers requests until the realm ends. */
export class TrainerHost extends Receiver<keyof TrainerJobs> {
  #module: TrainerModule | undefined;
  #finetuning: Finetuning | undefined;

  constructor(
    private readonly loadFactory: (threads: number) => Promise<CoreFactory>,
    post: Post,
  ) {
    super(post);
  }

  protected get memoryBytes(): number {
    return this.#module?.memoryBytes() ?? 0;
  }

  protected readonly handlers: Handlers<keyof TrainerJobs> = {
    train: async (job, { onProgress, signal }) =>
      trainHead(await this.#start(job.wasmFile, 1), job, onProgress, signal),
    'finetune-open': async ({ wasmFile, settings }) => {
      this.#finetuning?.delete();
      this.#finetuning = undefined;
      this.#finetuning = new Finetuning(await this.#start(wasmFile, settings.threads), settings);
      return null;
    },
    'finetune-add': ({ map, label }) => this.#opened.add(map, label),
    'finetune-run': (run, { onProgress, signal }) => this.#opened.run(run, onProgress, signal),
  };

  get #opened(): Finetuning {
    if (this.#finetuning === undefined) throw new ResNet50Error('NOT_READY', 'no fine-tuning is open');
    return this.#finetuning;
  }

  protected abandon(): void {
    this.#module = this.#finetuning = undefined;
  }

  async #start(wasmFile: string | null, threads: number): Promise<TrainerModule> {
    try {
      const factory = await this.loadFactory(threads);
      this.#module = await startCore<TrainerModule>(factory, { threads, wasmFile, wasmModule: null });
      return this.#module;
    } catch (cause) {
      const from = wasmFile === null ? '' : ` from ${wasmFile}`;
      const subject = 'resnet50-trainer-simd.wasm';
      throw new ResNet50Error('CORE_LOAD_FAILED', `the trainer could not be started${from}: ${describe(cause)}`, {
        ...{ subject, cause },
      });
    }
  }
}

/** Runs the job's epochs; between them, the signal counts. */
export async function trainHead(
  module: TrainerModule,
  { embeddings, labels, options }: TrainingJob,
  onProgress: (progress: FitProgress) => void,
  signal: AbortSignal,
): Promise<TrainingResult> {
  const width = embeddings.length / labels.length;
  const features = copyIn(module, embeddings, 'the embeddings');
  const classes = copyIn(module, labels, 'the labels');
  const created = module.createHeadTrainer(features, classes, labels.length, width, options);
  module.release(features);
  module.release(classes);
  const trainer = unwrap(created, 'examples');
  try {
    const scores: { trained: Score; heldOut: Score | null }[] = [];
    for (let [done, heard] = [false, performance.now()]; !done; ) {
      if (performance.now() - heard > DEAF_MS) {
        await pause();
        heard = performance.now();
      }
      signal.throwIfAborted();
      const step = trainer.step();
      done = step.done;
      scores.push({ trained: step.trained, heldOut: step.heldOut });
      onProgress({ phase: 'training', epoch: step.epoch, trained: step.trained, heldOut: step.heldOut });
    }
    const { pointer, trained, heldOut, bestEpoch, converged, l2 } = trainer.finish();
    const first = pointer / 4;
    const biases = first + options.classes * width;
    const best = scores[bestEpoch - 1] ?? { trained: null, heldOut: null };
    return {
      weight: new Float32Array(module.HEAPF32.subarray(first, biases)),
      bias: new Float32Array(module.HEAPF32.subarray(biases, biases + options.classes)),
      report: {
        ...{ examples: { trained, heldOut }, epochs: scores.length, bestEpoch, converged, l2 },
        ...best,
      },
    };
  } finally {
    trainer.delete();
  }
}
