/**
 * Serves a trainer behind messages, as host.ts does a network: one job, iteration by iteration, so that aborts are heard
 * between them. Knows nothing of pictures.
 */
import type { TrainerModule } from './core.js';
import { type CoreFactory, copyIn, startCore, unwrap } from './engine.js';
import { describe, isAbort, ResNet50Error, toPlainError } from './errors.js';
import { Finetuning } from './finetune-host.js';
import type { Fit, FitProgress, TrainingJob, TrainingResult } from './head.js';
import type { Job, JobResults, Reply, Request } from './protocol.js';

/** Longest time without looking for messages, milliseconds. */
const DEAF_MS = 50;

/** Lets messages in. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Answers requests until the realm ends. */
export class TrainerHost {
  readonly #running = new Map<number, AbortController>();
  #module: TrainerModule | undefined;
  #finetuning: Finetuning | undefined;

  constructor(
    private readonly loadFactory: (threads: number) => Promise<CoreFactory>,
    private readonly post: (reply: Reply, transfer: Transferable[]) => void,
  ) {}

  /** Takes one message. */
  async receive(request: Request): Promise<void> {
    if ('farewell' in request) return this.dispose();
    const { id } = request;
    if ('abort' in request) return this.#running.get(id)?.abort();
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const { job } = request;
      const { value, transfer } = await this.#perform(job, (progress) => this.post({ id, progress }, []), abort.signal);
      this.post({ id, value, memoryBytes: this.#module?.memoryBytes() ?? 0 }, transfer);
    } catch (error) {
      const known = error instanceof ResNet50Error || isAbort(error);
      const crash = () => new ResNet50Error('CORE_CRASHED', `the trainer stopped working: ${describe(error)}`);
      this.post({ id, error: toPlainError(known ? error : crash()), fatal: !known }, []);
    } finally {
      this.#running.delete(id);
    }
  }

  async #perform(
    job: Job,
    onProgress: (progress: FitProgress) => void,
    signal: AbortSignal,
  ): Promise<{ value: JobResults[keyof JobResults]; transfer: Transferable[] }> {
    if (job.type === 'train') {
      const value = await trainHead(await this.#start(job.wasmFile, 1), job, onProgress, signal);
      return { value, transfer: [value.weight.buffer, value.bias.buffer] };
    }
    if (job.type === 'finetune-open') {
      this.#finetuning?.delete();
      this.#finetuning = new Finetuning(await this.#start(job.wasmFile, job.settings.threads), job.settings);
      return { value: null, transfer: [] };
    }
    const finetuning = this.#finetuning;
    if (job.type === 'finetune-add' && finetuning) return { value: finetuning.add(job.map, job.label), transfer: [] };
    if (job.type === 'finetune-run' && finetuning) {
      const value = await finetuning.run(job, onProgress, signal);
      return { value, transfer: value.shards.map(({ bytes }) => bytes.buffer) };
    }
    throw new ResNet50Error('INTERNAL', `a trainer has no job '${job.type}' now`);
  }

  dispose(): void {
    for (const abort of this.#running.values()) abort.abort();
  }

  async #start(wasmFile: string | null, threads: number): Promise<TrainerModule> {
    try {
      const factory = await this.loadFactory(threads);
      this.#module = (await startCore(factory, { threads, wasmFile, wasmModule: null })) as TrainerModule;
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
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const [features, classes] = [
    copyIn(module, bytesOf(embeddings), 'the embeddings'),
    copyIn(module, bytesOf(labels), 'the labels'),
  ];
  const created = module.createHeadTrainer(features, classes, labels.length, width, options);
  module.release(features);
  module.release(classes);
  const trainer = unwrap(created, 'examples');
  try {
    const scores: { trained: Fit; heldOut: Fit | null }[] = [];
    for (let [done, heard] = [false, performance.now()]; !done; ) {
      if (performance.now() - heard > DEAF_MS) {
        await pause();
        heard = performance.now();
      }
      signal.throwIfAborted();
      const step = trainer.step();
      done = step.done;
      scores.push({ trained: step.trained, heldOut: step.heldOut });
      onProgress({ phase: 'training', epoch: step.iteration, trained: step.trained, heldOut: step.heldOut });
    }
    const { pointer, trained, heldOut, bestIteration, converged, l2 } = trainer.finish();
    const first = pointer / 4;
    const biases = first + options.classes * width;
    const best = scores[bestIteration - 1] ?? { trained: null, heldOut: null };
    return {
      weight: new Float32Array(module.HEAPF32.subarray(first, biases)),
      bias: new Float32Array(module.HEAPF32.subarray(biases, biases + options.classes)),
      report: {
        ...{ examples: { trained, heldOut }, epochs: scores.length, bestEpoch: bestIteration, converged, l2 },
        ...best,
      },
    };
  } finally {
    trainer.delete();
  }
}
