/**
 * What the API needs from the platform it runs on; one implementation for browsers, one for Node, one for realms
 * without workers and dynamic import.
 */
import type { Choice, Flavour } from '../base/engine-support.js';
import type { Limits } from '../base/limits.js';
import type { Port, Starting } from '../protocol/messages.js';
import type { FetchInput } from '../weights/http.js';
import type { WeightsSource } from '../weights/source.js';
import type { AddressOpener } from './inputs.js';
import type { Extras } from './late.js';
import type { Training } from './training-module.js';

/** Where the caller wants weights from. */
export interface SourceRequest {
  /** A registry name (in any spelling), another variant's name, or the address of a folder. */
  weights: string;
  weightsUrl: string | undefined;
  weightsDir: string | undefined;
}

/** One platform. */
export interface Platform extends Omit<AddressOpener, 'fetchInput' | 'loadExtras'> {
  readonly limits: Limits;
  /** Logical processors. */
  cores(): number;
  /** Why there can be no worker here; undefined where there can. */
  noWorker(): string | undefined;
  /** Why a host in place has to do with one thread. */
  readonly noThreadsInPlace: string;
  /**
   * Starts a host in a worker, for a core with so many threads; `folder` holds the worker scripts, if the caller said so.
   * @throws ResNet50Error WORKER_FAILED
   */
  startWorker(flavour: Flavour, folder: string | undefined, threads: number, signal?: AbortSignal): Starting;
  /**
   * The choice, or the nearest that is built, where not all flavours need be; `named` if the caller asked for it by name.
   * Throws CORE_LOAD_FAILED.
   */
  offered?(choice: Choice, named: boolean): Choice;
  /** Asks the engine for wider code (LoadOptions.revectorize); without, it cannot be asked. */
  revectorize?(): { on: boolean; why: string };
  /** Starts a host in this very thread. */
  startInPlace(flavour: Flavour): Promise<Port>;
  /** What most pages never call. */
  loadExtras(): Promise<Extras>;
  /** What `fit`, `save` and heads need, and nothing else does. */
  loadTraining(): Promise<Training>;
  /** Fetches inputs here; without, the host does, which has an HTTP client for the weights anyway. */
  readonly fetchInput?: FetchInput;
  /** Folders to look for a variant in. */
  findSource(request: SourceRequest): WeightsSource;
  /** The address of a flavour's wasm file, in a folder if the caller named one; null where the glue knows by itself. */
  wasmFile(flavour: Flavour, folder: string | undefined): string | null;
}
