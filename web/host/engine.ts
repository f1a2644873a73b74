/**
 * A core with a network in it: one module, one session, one thread of callers. Runs in whatever realm it is created in.
 */

import { activationFor } from '../base/activation.js';
import { parameterCount } from '../base/resnet50.js';
import { inSlices } from '../core/run.js';
import { copyIn, unwrap } from '../core/start.js';
import type { CoreInput, CoreModule, CorePicture, CoreRun, CoreSession, CoreSettings } from '../core/types.js';
import type { Head } from '../protocol/head.js';
import type { ImageSettings, JobContext, LoadedFacts, LoadSpec, PreparedImage } from '../protocol/messages.js';
import type { Category } from '../weights/manifest.js';
import type { LoadedShards } from '../weights/pieces.js';
import { type ImageRealm, withInput } from './input.js';
import { type LoadedNetwork, type LoadRealm, loadNetwork } from './load.js';

/** What the engine needs from its realm. */
export type Realm = LoadRealm & ImageRealm;

/** What begins a run of the core, by kind of input. */
interface Calls<T> {
  picture: (input: CorePicture, settings: CoreSettings) => CoreRun<T>;
  tensor?: (input: CoreInput, settings: CoreSettings) => CoreRun<T>;
}

/** A core with a network in it. */
export class Engine {
  facts: LoadedFacts;
  readonly core: CoreModule;
  readonly session: CoreSession;
  readonly shards: LoadedShards | undefined;
  /** Without a head of the user's own. */
  readonly #ownFacts: LoadedFacts;

  private constructor(
    { core, session, facts, shards }: LoadedNetwork,
    private readonly realm: Realm,
  ) {
    this.core = core;
    this.session = session;
    this.facts = this.#ownFacts = facts;
    this.shards = shards;
  }

  /** Starts a core and fills its network. */
  static async load(spec: LoadSpec, realm: Realm, context: JobContext<'load'>): Promise<Engine> {
    return new Engine(await loadNetwork(spec, realm, context), realm);
  }

  /** wasm memory in use, bytes. */
  get memoryBytes(): number {
    return this.core.memoryBytes();
  }

  /**
   * Puts a head of the user's own in place of the network's, or (null) the network's back.
   * @returns the facts from now on
   */
  setHead(head: Head | null): LoadedFacts {
    if (head === null) unwrap(this.session.setHead(null), 'head');
    this.facts = { ...this.#ownFacts, ...(head && this.#place(head)) };
    return this.facts;
  }

  /** What becomes different. */
  #place(head: Head): Partial<LoadedFacts> {
    const { method } = head;
    const linear = method === 'head';
    const classes = head.classes.length;
    // Rows of features (of classes, or of examples that vote), and of each row its bias or its class.
    const parts = linear ? ([head.weight, head.bias] as const) : ([head.embeddings, head.labels] as const);
    const pointers: number[] = [];
    try {
      for (const part of parts) pointers.push(copyIn(this.core, part, 'the head'));
      const [features = 0, perRow = 0] = pointers;
      const rows = { rows: parts[1].length, k: linear ? null : head.k };
      unwrap(this.session.setHead({ classes, ...rows, features, perRow }), 'head');
    } finally {
      for (const pointer of pointers) this.core.release(pointer);
    }
    const categories = head.classes.map((label) => ({ label }));
    const activation = linear ? activationFor(head.activation, classes) : 'softmax';
    return { classes, categories, head: method, activation, parameters: parameterCount(linear ? classes : 0) };
  }

  /** Runs a picture, or a tensor if `calls` takes it. Ends with the signal between two slices of the core's work. */
  run<T>(
    job: ImageSettings & { image: PreparedImage },
    { picture, tensor }: Calls<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return withInput(this.core, this.realm, job.image, job.decode, {
      picture: (input) => inSlices(this.session, picture(input, job), signal),
      ...(tensor && { tensor: (input) => inSlices(this.session, tensor(input, job), signal) }),
    });
  }

  /** A copy of numbers in the core's memory. */
  copyOut(pointer: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.core.HEAPF32.subarray(pointer / 4, pointer / 4 + count));
  }

  /** Gives the network back; the module's memory goes with the engine itself. */
  dispose(): void {
    this.session.delete();
  }

  /** A class by index. */
  category(index: number): Category {
    return this.facts.categories?.[index] ?? { label: `class ${index}` };
  }
}
