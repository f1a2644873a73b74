/**
 * What `fit`, `save` and heads need, as a module that is loaded only when one of them is called.
 */

import type { Limits } from '../base/limits.js';
import type { Connection } from '../protocol/connection.js';
import type { Head } from '../protocol/head.js';
import type { LoadedFacts, PlainHead, StageOutput, TrainerJobs } from '../protocol/messages.js';
import type { FitReport } from '../protocol/training.js';
import type { Parameter } from '../weights/parameters.js';
import type { FilesSource, WeightsSource } from '../weights/source.js';
import type { Example, FitOptions } from './fit-options.js';
import type { AddressOpener } from './inputs.js';
import { withLate } from './late.js';
import type { HeadInput } from './options.js';

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

/** A head, and what the network's host is told of it. */
export interface PlacedHead {
  head: Head;
  plain: PlainHead;
}

/** What training needs of a model; all of it in one place of the model's queue. */
export interface Trainee {
  facts: LoadedFacts;
  /** Threads of the network. */
  threads: number;
  /** Outputs of stages for the examples that are pictures, in their order. */
  features(stages: readonly string[]): AsyncIterable<StageOutput[][]>;
  /** All shards of the network. */
  shards(): Promise<FilesSource | null>;
  /** Starts a trainer, whose caller closes it. */
  connect(threads: number): Promise<Trainer>;
  signal: AbortSignal;
}

/** What `fit` made: a head to put in place, or weights to load. */
export type Fitted = { report: FitReport } & (
  | { placed: PlacedHead; source?: undefined }
  | { source: FilesSource; placed?: undefined }
);

/** The module that is loaded late. */
export interface Training {
  /** Makes a head of examples, or fine-tunes with them. Called in the model's turn; sets nothing. */
  fit(trainee: Trainee, examples: readonly Example[], options: FitOptions): Promise<Fitted>;
  /** A head from wherever `load` was told to take it. */
  readHead(
    given: HeadInput,
    platform: Pick<AddressOpener, 'openAddress' | 'loadExtras'> & { readonly limits: Limits },
    signal?: AbortSignal,
  ): Promise<PlacedHead>;
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
