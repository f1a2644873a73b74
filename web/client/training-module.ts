/**
 * What `fit`, `save` and heads need, as a module that is loaded only when one of them is called.
 */

import type { Limits } from '../base/limits.js';
import type { Connection } from '../protocol/connection.js';
import type { Head } from '../protocol/head.js';
import type { LoadedFacts, NetworkJobs, StageOutput, TrainerJobs } from '../protocol/messages.js';
import type { FitReport } from '../protocol/training.js';
import type { Parameter } from '../weights/parameters.js';
import type { WeightsSource } from '../weights/source.js';
import type { Example, FitOptions } from './fit-options.js';
import type { AddressOpener } from './inputs.js';
import { withLate } from './late.js';
import type { HeadInput, LoadOptions } from './options.js';

/** A trainer at work, and the address of its wasm file (null where its glue knows by itself). */
export interface Trainer {
  connection: Connection<keyof TrainerJobs>;
  wasmFile: string | null;
  /** Threads that its core can have. */
  threads: number;
}

/** Starts a trainer: in a worker, for a core with so many threads, or in place; the folders are those of `load`. */
export type ConnectTrainer = (where: {
  worker: boolean;
  threads: number;
  workerUrl?: string | undefined;
  wasmUrl?: string | undefined;
}) => Promise<Trainer>;

/** What training needs of a running model. */
export interface TrainedModel {
  readonly options: Pick<LoadOptions, 'workerUrl' | 'wasmUrl'>;
  readonly facts: LoadedFacts;
  live(): Promise<{
    connection: Connection<keyof NetworkJobs>;
    facts: LoadedFacts;
    choice: { threads: number };
    worker: boolean;
  }>;
  setHead(head: Head): Promise<void>;
  reload(source: WeightsSource): Promise<void>;
  dispose(): Promise<void>;
}

/** A model in its turn. */
export interface Fitting {
  model: TrainedModel;
  /** Outputs of stages for the examples that are pictures, in their order. */
  features(stages: readonly string[]): AsyncIterable<StageOutput[][]>;
  signal: AbortSignal;
}

/** The module that is loaded late. */
export interface Training {
  /** Makes a head of examples, or fine-tunes with them, and puts the result in place. Called in the model's turn. */
  fitModel(
    fitting: Fitting,
    examples: readonly Example[],
    options: FitOptions,
    connectTrainer: ConnectTrainer,
  ): Promise<FitReport>;
  /** Puts in place the head that a model is loaded with; without it, there is no model. */
  placeFirst(model: TrainedModel, head: Head): Promise<void>;
  /** A head from wherever `load` was told to take it. */
  readHead(
    given: HeadInput,
    platform: Pick<AddressOpener, 'openAddress' | 'loadExtras'> & { readonly limits: Limits },
    signal?: AbortSignal,
  ): Promise<Head>;
  /** What `model.save` gives. */
  save(
    options: { what?: 'head' | 'all' },
    source: WeightsSource,
    head: Head | undefined,
  ): Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>>;
  /** fc.weight or fc.bias of a head. */
  fcParameter(head: Head, name: string): Parameter;
  connectTrainer: ConnectTrainer;
}

/** Something of the module for training, which is loaded late. */
export const withTraining = <T>(
  platform: { loadTraining(): Promise<Training> },
  use: (training: Training) => T | Promise<T>,
): Promise<T> => withLate(platform.loadTraining(), use);
