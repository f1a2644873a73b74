/**
 * The public class behind every entry of the package: inputs prepared, calls queued, results in order. Knows nothing of
 * the platform it runs on but what platform.ts says.
 */
import { ResNet50Error } from './errors.js';
import type { Flavour } from './features.js';
import { type ImageInput, type Preparing, prepare, prepareTensor, type TensorInput, transferables } from './inputs.js';
import type { Category, Precision } from './manifest.js';
import {
  type ClassifyOptions,
  checkLoadOptions,
  decodeSettings,
  type ImageOptions,
  type LoadOptions,
  pickSettings,
} from './options.js';
import type { Platform } from './platform.js';
import type { Classification, DecodeSettings, Job, PreparedImage } from './protocol.js';
import { Queue } from './queue.js';
import { openSession, type Session, sourceOf } from './session.js';
import type { Transforms } from './transforms.js';
import { inTurn } from './turns.js';
import type { WeightsSource } from './weights-source.js';

/** What `info()` tells. */
export interface ModelInfo {
  /** Variant, or null for a randomly initialised network. */
  weights: string | null;
  /** Folder that the weights came from. */
  address: string | null;
  classes: number;
  parameters: number;
  precision: Precision;
  activationBits: 7 | 8;
  transforms: Transforms;
  /** Build of the core in use. */
  flavour: Flavour;
  threads: number;
  /** Whether the work is done in a worker. */
  worker: boolean;
  /** Why this flavour and these threads, one reason a line. */
  why: string[];
  /** wasm memory in use after the last call, bytes. */
  memoryBytes: number;
  /** Version of this package. */
  version: string;
}

/** The weights of a loaded model. */
export interface ModelWeights {
  readonly name: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
  /** Classes by index; null for a randomly initialised network. */
  readonly categories: readonly Category[] | null;
}

/** What a model is made of. */
interface ModelParts {
  platform: Platform;
  options: LoadOptions;
  source: WeightsSource;
  session: Session;
}

/** A ResNet-50 at work. Calls queue; results come in the order of the calls. */
export class Model {
  readonly #platform: Platform;
  readonly #options: LoadOptions;
  readonly #source: WeightsSource;
  readonly #limits: { maxBytes: number; maxPixels: number };
  readonly #queue = new Queue();
  #session: Session;
  /** Aborted by dispose(), with the error that pending calls get. */
  readonly #disposal = new AbortController();

  /** @internal Use `load`. */
  constructor({ platform, options, source, session }: ModelParts) {
    this.#platform = platform;
    this.#options = options;
    this.#source = source;
    this.#session = session;
    const { maxBytes = platform.limits.maxBytes, maxPixels = platform.limits.maxPixels } = options;
    this.#limits = { maxBytes, maxPixels };
  }

  /** @internal Loads for a platform; `type` is the class of the entry. */
  static async open<T extends Model>(
    type: new (parts: ModelParts) => T,
    platform: Platform,
    options: LoadOptions,
  ): Promise<T> {
    checkLoadOptions(options);
    options.signal?.throwIfAborted();
    const source = sourceOf(platform, options);
    const { signal, onProgress } = options;
    const open = () => openSession(platform, options, source, signal, onProgress);
    const key = downloadKey(source, options);
    const session = await (key === undefined ? open() : inTurn(key, open, signal));
    return new type({ platform, options: { ...options }, source, session });
  }

  /** The weights in use. */
  get weights(): ModelWeights {
    const { name, meta, categories } = this.#session.facts;
    return { name, meta, categories };
  }

  /** Flavour, threads and why; weights, precision, memory. */
  info(): ModelInfo {
    const { facts, choice, worker, connection } = this.#session;
    const { name, address, classes, parameters, precision, transforms } = facts;
    return {
      ...{ weights: name, address, classes, parameters, precision },
      ...{ activationBits: this.#options.activationBits ?? 7, transforms },
      ...{ flavour: choice.flavour, threads: choice.threads, worker, why: [...choice.why] },
      ...{ memoryBytes: connection.memoryBytes, version: __VERSION__ },
    };
  }

  /**
   * The best classes of an image, best first; of several images, one list each, in order.
   * @throws ResNet50Error naming the image and the reason; the model stays usable
   */
  classify(images: readonly ImageInput[], options?: ClassifyOptions): Promise<Classification[][]>;
  classify(image: ImageInput, options?: ClassifyOptions): Promise<Classification[]>;
  async classify(
    images: ImageInput | readonly ImageInput[],
    options: ClassifyOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    const pick = pickSettings(options);
    const settings = this.#imageSettings(options);
    return this.#each(images, this.#until(options.signal), (image) => ({ type: 'classify', image, ...settings, pick }));
  }

  /**
   * The network's raw output, before softmax, one number a class: of an image, of several, or of a prepared tensor (one
   * row for shape [3, height, width], n rows for [n, 3, height, width]).
   */
  logits(images: readonly ImageInput[], options?: ImageOptions): Promise<Float32Array<ArrayBuffer>[]>;
  logits(image: ImageInput | TensorInput, options?: ImageOptions): Promise<Float32Array<ArrayBuffer>>;
  logits(image: TensorInput, options?: ImageOptions): Promise<Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[]>;
  async logits(
    images: ImageInput | TensorInput | readonly ImageInput[],
    options: ImageOptions = {},
  ): Promise<Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[]> {
    const settings = this.#imageSettings(options);
    const signal = this.#until(options.signal);
    const job = (image: PreparedImage) => ({ type: 'logits' as const, image, ...settings });
    if (isTensor(images)) {
      const tensor = prepareTensor(images, 'the tensor');
      const rows = await this.#queue.add(() => this.#run(job(tensor), tensor, signal), signal);
      return images.shape.length === 3 ? firstRow(rows) : rows;
    }
    const rows = await this.#each(images, signal, job);
    return Array.isArray(images)
      ? (rows as Float32Array<ArrayBuffer>[][]).map(firstRow)
      : firstRow(rows as Float32Array<ArrayBuffer>[]);
  }

  /** Ends the worker and gives all memory back. Calls in progress reject with DISPOSED. Twice is as good as once. */
  async dispose(): Promise<void> {
    if (!this.#disposal.signal.aborted) {
      this.#disposal.abort(new ResNet50Error('DISPOSED', 'the model was disposed of: load another one'));
    }
    await this.#session.connection.close();
  }

  /** `await using model = await ResNet50.load()` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #imageSettings(options: ImageOptions): { decode: DecodeSettings; transforms: Partial<Transforms> } {
    const decode = decodeSettings(options, this.#limits.maxPixels);
    return { decode, transforms: options.transforms ?? {} };
  }

  /** One job an image, in one place of the queue; the next image is prepared while one is computed. */
  async #each<J extends Job & { type: 'classify' | 'logits' }, R>(
    images: unknown,
    signal: AbortSignal,
    job: (image: PreparedImage) => J,
  ): Promise<R> {
    const many = Array.isArray(images);
    const inputs = (many ? images : [images]) as ImageInput[];
    const label = (i: number) => (many ? `image ${i}` : 'the image');
    const preparing: Preparing[] = inputs.map((input, i) => prepare(input, label(i), this.#platform, this.#limits));
    return this.#queue.add(async () => {
      const results: unknown[] = [];
      let ahead = preparing[0]?.(signal);
      for (let i = 0; i < preparing.length; i++) {
        const image = await ahead;
        ahead = preparing[i + 1]?.(signal);
        ahead?.catch(() => undefined); // awaited in the next round
        if (image !== undefined) results.push(await this.#run(job(image), image, signal));
      }
      return (many ? results : results[0]) as R;
    }, signal);
  }

  async #run<J extends Job & { type: 'classify' | 'logits' }>(
    job: J,
    image: PreparedImage,
    signal: AbortSignal | undefined,
  ) {
    const { connection } = await this.#liveSession();
    return connection.call(job, { signal, transfer: transferables(image) });
  }

  /** The session, or a fresh one where the last one crashed. Runs inside the queue, so never twice at a time. */
  async #liveSession(): Promise<Session> {
    this.#disposal.signal.throwIfAborted();
    if (this.#session.connection.alive) return this.#session;
    const session = await openSession(this.#platform, this.#options, this.#source, undefined, undefined);
    if (this.#disposal.signal.aborted) await session.connection.close();
    this.#disposal.signal.throwIfAborted();
    this.#session = session;
    return session;
  }

  /** Ends with the caller's signal or with the model. */
  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#disposal.signal : AbortSignal.any([signal, this.#disposal.signal]);
  }
}

/** Equal for loads that would download the same shards; undefined where nothing is downloaded. */
function downloadKey(source: WeightsSource, options: LoadOptions): string | undefined {
  const addresses = source.kind === 'folders' ? source.folders.map(({ address }) => address) : [];
  return addresses.some((address) => /^https?:/.test(address))
    ? [options.precision ?? 'auto', ...addresses].join('\n')
    : undefined;
}

const isTensor = (v: unknown): v is TensorInput => typeof v === 'object' && v !== null && 'tensor' in v && 'shape' in v;

function firstRow(rows: Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  const row = rows[0];
  if (row === undefined) throw new ResNet50Error('INTERNAL', 'the core gave no logits');
  return row;
}
