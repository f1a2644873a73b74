/**
 * Everything that is done with a core and its network: one module, one network, one thread of callers. Runs in
 * whatever realm it is created in.
 */

import { ACTIVATIONS } from '../base/activation.js';
import { check, fault } from '../base/check.js';
import type { TensorSpec } from '../base/resnet50.js';
import { mergeTransforms, type Transforms } from '../base/transforms.js';
import { viewBox } from '../base/view.js';
import { copyIn, unwrap } from '../core/start.js';
import type { CoreImage, CoreModule, CoreNetwork } from '../core/types.js';
import type {
  Classification,
  ImageSettings,
  JobContext,
  Jobs,
  LoadedFacts,
  LoadSpec,
  PickSettings,
  PlainHead,
  PreparedImage,
  Preprocessed,
} from '../protocol/messages.js';
import type { Category } from '../weights/manifest.js';
import type { Parameter, ParameterSource } from '../weights/parameters.js';
import { maskOf } from './class-mask.js';
import { decodeImage, type ImageRealm } from './decode.js';
import { type LoadedNetwork, type LoadRealm, loadNetwork } from './load.js';
import { normalize } from './preprocess.js';

/** What the engine needs from its realm. */
export type Realm = LoadRealm & ImageRealm;

/** A core with a network in it. */
export class Engine {
  facts: LoadedFacts;
  readonly core: CoreModule;
  readonly network: CoreNetwork;
  readonly parameters: ParameterSource | undefined;
  /** Without a head of the user's own. */
  readonly #ownFacts: LoadedFacts;

  private constructor(
    { core, network, facts, parameters }: LoadedNetwork,
    private readonly realm: Realm,
  ) {
    this.core = core;
    this.network = network;
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
      unwrap(this.network.setHead(settings), 'head');
    } finally {
      for (const pointer of pointers) this.core.release(pointer);
    }
    this.facts = { ...this.#ownFacts, ...head?.facts };
    return this.facts;
  }

  /** The best classes of one picture. */
  async classify(job: Jobs['classify']['request']): Promise<Classification[]> {
    const { image, pick } = job;
    const { classes } = this.facts;
    const mask = maskOf(pick, classes, (i) => this.category(i));
    return this.withImage(image, job, (viewed, transforms) => {
      const logits = unwrap(this.network.run(viewed, transforms, pick.crops), image.name);
      return this.best(logits, image.name, pick, mask, pick.crops);
    });
  }

  /**
   * The best classes of rows of logits in the core's memory, their scores averaged.
   * @throws ResNet50Error NOT_FINITE naming the picture
   */
  best(
    logits: number,
    name: string,
    pick: Pick<PickSettings, 'topK' | 'threshold' | 'activation'>,
    mask?: Uint8Array,
    rows = 1,
  ): Classification[] {
    const { core } = this;
    const { classes } = this.facts;
    const { topK, threshold, activation = this.facts.activation } = pick;
    check(activation === 'none' || threshold <= 1, 'threshold', 'must be a number, 0 to 1');
    const allowed = mask === undefined ? 0 : copyIn(core, mask, 'the allow and deny lists');
    try {
      const kind = ACTIVATIONS.indexOf(activation);
      const best = unwrap(core.topK(logits, rows, classes, kind, Math.min(topK, classes), threshold, allowed), name);
      return best.map(({ index, score }) => ({ index, ...this.category(index), score }));
    } finally {
      if (allowed !== 0) core.release(allowed);
    }
  }

  /** The network's raw output: one row a picture. */
  async logits(job: Jobs['logits']['request']): Promise<Float32Array<ArrayBuffer>[]> {
    const { offset, rows } = await this.infer(job.image, job);
    const { classes } = this.facts;
    return Array.from({ length: rows }, (_, row) => this.copyOut(offset + 4 * row * classes, classes));
  }

  /** A copy of numbers in the core's memory. */
  copyOut(pointer: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.core.HEAPF32.subarray(pointer / 4, pointer / 4 + count));
  }

  /** Runs a picture or a tensor; byte offset and rows of the logits. */
  async infer(image: PreparedImage, settings: ImageSettings): Promise<{ offset: number; rows: number }> {
    if (image.kind === 'tensor') return { offset: this.#runTensor(image), rows: image.shape[0] };
    return this.withImage(image, settings, (viewed, transforms) => ({
      offset: unwrap(this.network.run(viewed, transforms, 1), image.name),
      rows: 1,
    }));
  }

  /** What `use` makes of the decoded and viewed image; `whole` is the image before the view. */
  async withImage<T>(
    image: PreparedImage,
    { decode, view, transforms }: ImageSettings,
    use: (viewed: CoreImage, transforms: Transforms, whole: { width: number; height: number }) => T,
  ): Promise<T> {
    const settings = mergeTransforms(this.facts.transforms, transforms);
    const whole = await decodeImage(this.core, this.realm, image, decode);
    const size = { width: whole.width, height: whole.height };
    try {
      if (view.rotate === 0 && view.region === null) return use(whole, settings, size);
      const { left, top, width, height } = viewBox(view, size.width, size.height);
      const viewed = unwrap(this.core.viewImage(whole, view.rotate, left, top, width, height), image.name);
      try {
        return use(viewed, settings, size);
      } finally {
        viewed.delete();
      }
    } finally {
      whole.delete();
    }
  }

  /** The picture as the network would see it. */
  async preprocess(job: Jobs['preprocess']['request']): Promise<Preprocessed> {
    return this.withImage(job.image, job, (viewed, transforms) => {
      const crop = unwrap(this.core.cropImage(viewed, transforms, 1, 0), job.image.name);
      try {
        const pixels = new Uint8ClampedArray(this.core.HEAPU8.subarray(crop.pixels, crop.pixels + 3 * crop.width ** 2));
        return normalize(pixels, crop.width, transforms, job.layout);
      } finally {
        crop.delete();
      }
    });
  }

  /** Values of a parameter or buffer. */
  async parameter(spec: TensorSpec, signal: AbortSignal): Promise<Parameter> {
    if (this.parameters !== undefined) return this.parameters.read(spec, signal);
    throw fault(spec.name, 'is kept packed only, as weights: null drew it from the seed: load real weights to read it');
  }

  /** Gives the network back; the module's memory goes with the engine itself. */
  dispose(): void {
    this.network.delete();
  }

  /** A class by index. */
  category(index: number): Category {
    return this.facts.categories?.[index] ?? { label: `class ${index}` };
  }

  #runTensor(image: Extract<PreparedImage, { kind: 'tensor' }>): number {
    const [n, , height, width] = image.shape;
    const pointer = copyIn(this.core, image.data, image.name);
    try {
      return unwrap(this.network.runTensor(pointer, n, height, width), image.name);
    } finally {
      this.core.release(pointer);
    }
  }
}
