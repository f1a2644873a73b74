/**
 * The trainer module of the compiled core (src/bindings), as TypeScript sees it.
 */
import type { CoreMemory, CoreResult } from './types.js';

export interface CoreTrainingOptions {
  classes: number;
  /** null for the default. */
  l2: number | null;
  holdOut: number;
  seed: number;
  epochs: number;
  patience: number;
}

/** How well a head does: mean loss, and accuracy in 0..1. */
export interface CoreScore {
  readonly loss: number;
  readonly accuracy: number;
}

/** Softmax regression, epoch by epoch. Call delete() when done. */
export interface CoreHeadTrainer {
  /** One epoch; `done` when no other would change the result. */
  step(): { epoch: number; trained: CoreScore; heldOut: CoreScore | null; done: boolean };
  /** The best head so far: byte offset of float32 [classes, width] and [classes], valid until the next call. */
  finish(): {
    pointer: number;
    /** Numbers of examples. */
    trained: number;
    heldOut: number;
    bestEpoch: number;
    converged: boolean;
    /** The penalty in use. */
    l2: number;
  };
  delete(): void;
}

/** Options of the core's trainer, all of them given; `height` and `width` are of layer3's maps. */
export interface FinetuneSettings {
  classes: number;
  batchSize: number;
  epochs: number;
  patience: number;
  holdOut: number;
  rate: number;
  labelSmoothing: number;
  augment: boolean;
  seed: number;
  threads: number;
  height: number;
  width: number;
}

/** Fine-tuning of layer4 and fc, batch by batch. Call delete() when done. */
export interface CoreFinetuneTrainer {
  /** Byte offset and count of a parameter's float32 values, OHWI; null where there is none of the name. */
  parameter(name: string): { pointer: number; count: number } | null;
  /** float32 [1024, height, width] at a byte offset, which may be released afterwards. */
  add(pointer: number, count: number, label: number): CoreResult<undefined>;
  begin(): CoreResult<undefined>;
  step(): CoreResult<{
    epoch: number;
    batch: number;
    batches: number;
    trained: CoreScore;
    heldOut: CoreScore | null;
    epochDone: boolean;
    done: boolean;
  }>;
  /** Puts the weights of the best epoch in place; 0: those of the beginning. */
  finish(): { bestEpoch: number; trained: number; heldOut: number; score: CoreScore | null };
  /** Ranges of activations; `min` and `max` are those of layer3's output. */
  measure(min: number, max: number): CoreResult<{ layers: string[]; ranges: Record<string, [number, number]> }>;
  /** A layer's shard, valid until the next call. After measure(). */
  writeLayer(layer: string, int8: boolean): CoreResult<{ pointer: number; bytes: number }>;
  delete(): void;
}

/** The trainer module: memory and training. */
export interface TrainerModule extends CoreMemory {
  createFinetuneTrainer(options: FinetuneSettings): CoreResult<CoreFinetuneTrainer>;
  /** float32 [count, width] and int32 [count] at byte offsets, which may be released afterwards. */
  createHeadTrainer(
    embeddings: number,
    labels: number,
    count: number,
    width: number,
    options: CoreTrainingOptions,
  ): CoreResult<CoreHeadTrainer>;
}
