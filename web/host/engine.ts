/**
 * A core with a network in it: one module, one session, one thread of callers. Runs in whatever realm it is created in.
 */

import { fault } from '../base/check.js';
import type { TensorSpec } from '../base/resnet50.js';
import { mergeTransforms } from '../base/transforms.js';
import { copyIn, unwrap } from '../core/start.js';
import type { CoreInput, CoreModule, CorePicture, CoreResult, CoreSession, CoreSettings } from '../core/types.js';
import type {
  ImageSettings,
  JobContext,
  LoadedFacts,
  LoadSpec,
  PlainHead,
  PreparedImage,
} from '../protocol/messages.js';
import type { Category } from '../weights/manifest.js';
import type { Parameter, ParameterSource } from '../weights/parameters.js';
import { type ImageRealm, withInput } from './input.js';
import { type LoadedNetwork, type LoadRealm, loadNetwork } from './load.js';

/** What the engine needs from its realm. */
export type Realm = LoadRealm & ImageRealm;

/** One call into the core, by kind of input. */
interface Calls<T> {
  picture: (input: CorePicture, settings: CoreSettings) => CoreResult<T>;
  tensor?: (input: CoreInput, settings: CoreSettings) => CoreResult<T>;
}

/** A core with a network in it. */
export class Engine {
  facts: LoadedFacts;
  readonly core: CoreModule;
  readonly session: CoreSession;
  readonly parameters: ParameterSource | undefined;
  /** Without a head of the user's own. */
  readonly #ownFacts: LoadedFacts;

  private constructor(
    { core, session, facts, parameters }: LoadedNetwork,
    private readonly realm: Realm,
  ) {
    this.core = core;
    this.session = session;
    this.facts = this.#ownFacts = facts;
    this.parameters = parameters;
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
  setHead(head: PlainHead | null): LoadedFacts {
    const pointers: number[] = [];
    try {
      for (const part of head?.parts ?? []) pointers.push(copyIn(this.core, part, 'the head'));
      const [features = 0, perRow = 0] = pointers;
      const settings = head && { classes: head.facts.classes, rows: head.rows, k: head.k, features, perRow };
      unwrap(this.session.setHead(settings), 'head');
    } finally {
      for (const pointer of pointers) this.core.release(pointer);
    }
    this.facts = { ...this.#ownFacts, ...head?.facts };
    return this.facts;
  }

  /** Runs a picture, or a tensor if `calls` takes it. */
  run<T>({ image, ...settings }: ImageSettings & { image: PreparedImage }, calls: Calls<T>): Promise<T> {
    const { decode, view } = settings;
    const all = { decode, view, transforms: mergeTransforms(this.facts.transforms, settings.transforms) };
    const { picture, tensor } = calls;
    return withInput(this.core, this.realm, image, decode, {
      picture: (input) => picture(input, all),
      ...(tensor && { tensor: (input) => tensor(input, all) }),
    });
  }

  /** A copy of numbers in the core's memory. */
  copyOut(pointer: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.core.HEAPF32.subarray(pointer / 4, pointer / 4 + count));
  }

  /** Values of a parameter or buffer. */
  async parameter(spec: TensorSpec, signal: AbortSignal): Promise<Parameter> {
    if (this.parameters !== undefined) return this.parameters.read(spec, signal);
    throw fault(spec.name, 'is kept packed only, as weights: null drew it from the seed: load real weights to read it');
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
