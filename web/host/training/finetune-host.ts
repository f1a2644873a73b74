/**
 * Fine-tuning in a trainer's worker: fills the core's trainer, runs it batch by batch, so that aborts are heard
 * between them, and takes the shards out.
 */

import { copyIn, unwrap } from '../../core/start.js';
import type { CoreFinetuneTrainer, FinetuneSettings, TrainerModule } from '../../core/trainer-types.js';
import type { FinetuneProgress, FinetuneResult, FinetuneRun, Score } from '../../protocol/training.js';

/** Lets messages in. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** A trainer and the module it lives in. */
export class Finetuning {
  readonly #trainer: CoreFinetuneTrainer;

  constructor(
    private readonly module: TrainerModule,
    private readonly settings: FinetuneSettings,
  ) {
    this.#trainer = unwrap(module.createFinetuneTrainer(settings), 'unfreeze');
  }

  /** Adds what layer3 makes of a picture, [1024, height, width]. */
  add(map: Float32Array<ArrayBuffer>, label: number): null {
    const pointer = copyIn(this.module, map, 'the activations');
    try {
      unwrap(this.#trainer.add(pointer, map.length, label), 'examples');
    } finally {
      this.module.release(pointer);
    }
    return null;
  }

  /** Trains, and gives shards of the best epoch. */
  async run(
    { parameters, input, precision }: FinetuneRun,
    onProgress: (progress: FinetuneProgress) => void,
    signal: AbortSignal,
  ): Promise<FinetuneResult> {
    const trainer = this.#trainer;
    for (const [name, values] of Object.entries(parameters)) {
      const place = trainer.parameter(name);
      if (place?.count !== values.length) throw new RangeError(`${name} has ${values.length} values`);
      this.module.HEAPF32.set(values, place.pointer / 4);
    }
    unwrap(trainer.begin(), 'examples');
    const times: number[] = [];
    let [epochs, trained] = [0, null as Score | null];
    for (let done = false; !done; ) {
      await pause();
      signal.throwIfAborted();
      const started = performance.now();
      const step = unwrap(trainer.step(), 'examples');
      if (!step.epochDone) times.push(performance.now() - started); // else the held-out examples are in it
      ({ done, epoch: epochs, trained } = step);
      const { epoch, batch, batches, heldOut, epochDone } = step;
      onProgress({ phase: 'finetuning', epoch, batch, batches, trained: step.trained, heldOut, epochDone });
    }
    const { bestEpoch, score } = trainer.finish();
    const { layers, ranges } = unwrap(trainer.measure(input[0], input[1]), 'layer4');
    const shards = layers.map((layer) => {
      const { pointer, bytes } = unwrap(trainer.writeLayer(layer, precision === 'int8'), layer);
      return { layer, bytes: new Uint8Array(this.module.HEAPU8.subarray(pointer, pointer + bytes)) };
    });
    const steps = times.length + epochs;
    const { threads } = this.settings;
    const report = { epochs, bestEpoch, steps, stepMs: median(times), threads, trained, heldOut: score };
    return { shards, ranges, report };
  }

  delete(): void {
    this.#trainer.delete();
  }
}
