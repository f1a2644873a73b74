/**
 * Several cores side by side: one model for each job, each in a worker thread of its own on one thread. For many pictures
 * that is faster than one model on as many threads, which wait for one another between the network's layers.
 */
import { availableParallelism } from 'node:os';
import { BOOLEAN, check, checkOptions, type Rules, SIGNAL } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { windowed } from '../base/window.js';
import type { ModelInfo } from '../client/info.js';
import type { Model } from '../client/model.js';
import type { LoadOptions } from '../client/options.js';

/** Options of `ResNet50.pool`: those of `load`, of which `threads` (default 1) and `flavour` are each job's. */
export interface PoolOptions extends LoadOptions {
  /**
   * How many models. Default: as many as there are cores. Each takes some 45 MB, weights and worker thread together (80 before
   * Node.js 21).
   */
  jobs?: number;
}

/** Options of `pool.each`. */
export interface EachOptions {
  /** Results as they come, instead of in the order of the images. */
  unordered?: boolean;
  /** Ends it: the generator throws the signal's reason. */
  signal?: AbortSignal;
}

/** What became of one image. */
export type EachResult<T, R> = PromiseSettledResult<R> & { index: number; image: T };

/** Images at work or waiting for each model: one that is computed, one that is read meanwhile. */
const AHEAD = 2;
/** Results that wait for an earlier, slower one, for each model. */
const WAITING = 4;
const MOST_JOBS = 256;
const EACH_OPTIONS: Rules<EachOptions> = { unordered: BOOLEAN, signal: SIGNAL };

type Call = (image: unknown, ...args: unknown[]) => Promise<unknown>;
type Method = 'classify' | 'logits' | 'preprocess' | 'embed' | 'features' | 'explain';

/** An error about the only image of a list, with the image's place in the caller's list. */
function inPlace(error: unknown, index: number): unknown {
  if (!(error instanceof ResNet50Error)) return error;
  const { code, message, subject, cause } = error;
  const placed = (text: string) => text.replace(/^image 0\b/, `image ${index}`);
  return new ResNet50Error(code, placed(message), { subject: placed(subject), cause });
}

/** Several models that share work. Calls are those of a model; a list of images is split among all. */
export class Pool<M extends Model = Model> {
  /** As of a model. Images of a list are read when their turn comes, not at the time of the call. */
  readonly classify: M['classify'];
  readonly logits: M['logits'];
  readonly preprocess: M['preprocess'];
  readonly embed: M['embed'];
  readonly features: M['features'];
  readonly explain: M['explain'];
  readonly #models: readonly M[];
  /** Calls that each model has to answer. */
  readonly #calls = new Map<M, number>();

  private constructor(models: readonly M[]) {
    this.#models = models;
    const call = <N extends Method>(method: N) =>
      ((images: unknown, ...args: unknown[]) => this.#call(method, images, args)) as M[N];
    this.classify = call('classify');
    this.logits = call('logits');
    this.preprocess = call('preprocess');
    this.embed = call('embed');
    this.features = call('features');
    this.explain = call('explain');
  }

  /** @internal Use `ResNet50.pool`. */
  static async open<M extends Model>(
    load: (options: LoadOptions) => Promise<M>,
    { jobs = availableParallelism(), ...options }: PoolOptions,
  ): Promise<Pool<M>> {
    const whole = Number.isInteger(jobs) && jobs >= 1 && jobs <= MOST_JOBS;
    check(whole, 'jobs', `must be a whole number, 1 to ${MOST_JOBS}`);
    const own = { threads: 1, ...options };
    // The first one alone: it downloads what is missing, and the others find it there.
    const first = await load(own);
    const { onProgress, ...silent } = own;
    const more = await Promise.allSettled(Array.from({ length: jobs - 1 }, () => load(silent)));
    const models = [first, ...more.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))];
    const failed = more.find((one) => one.status === 'rejected');
    if (failed === undefined) return new Pool(models);
    await Promise.all(models.map((model) => model.dispose()));
    throw failed.reason;
  }

  /** How many models there are. */
  get jobs(): number {
    return this.#models.length;
  }

  /** The weights in use. */
  get weights(): M['weights'] {
    return this.#first.weights;
  }

  /** As of a model; memory is that of all. */
  info(): ModelInfo & { jobs: number } {
    const memoryBytes = this.#models.reduce((sum, model) => sum + model.info().memoryBytes, 0);
    return { ...this.#first.info(), memoryBytes, jobs: this.jobs };
  }

  /**
   * Work on a stream of images, in memory that does not grow with its length: an image is taken from it when a model is
   * about to be free. What `work` throws is that image's result and ends nothing.
   * @example
   * for await (const { image, status, value } of pool.each(names, (model, name) => model.classify(name))) { ... }
   * @param work what is to be done with an image on the model that is free
   * @throws the signal's reason; what the stream of images throws
   */
  each<T, R>(
    images: Iterable<T> | AsyncIterable<T>,
    work: (model: M, image: T, index: number) => Promise<R>,
    options: EachOptions = {},
  ): AsyncGenerator<EachResult<T, R>> {
    checkOptions(options, EACH_OPTIONS);
    const { unordered = false, signal } = options;
    return this.#each(images, work, unordered, signal);
  }

  /** Ends all models. Twice is as good as once. */
  async dispose(): Promise<void> {
    await Promise.all(this.#models.map((model) => model.dispose()));
  }

  /** `await using pool = await ResNet50.pool()` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  get #first(): M {
    return this.#models[0] as M;
  }

  async *#each<T, R>(
    images: Iterable<T> | AsyncIterable<T>,
    work: (model: M, image: T, index: number) => Promise<R>,
    unordered: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<EachResult<T, R>> {
    const one = async (image: T, index: number): Promise<EachResult<T, R>> => {
      const [result] = await Promise.allSettled([this.#on((model) => work(model, image, index))]);
      signal?.throwIfAborted();
      return { ...result, index, image };
    };
    signal?.throwIfAborted();
    yield* windowed(images, one, { size: (unordered ? AHEAD : WAITING) * this.jobs, unordered });
  }

  async #call(method: Method, images: unknown, args: unknown[]): Promise<unknown> {
    const call = (model: M, image: unknown, with_: unknown[]) => (model[method] as Call).call(model, image, ...with_);
    if (!Array.isArray(images)) return this.#on((model) => call(model, images, args));
    await call(this.#first, [], args); // of an empty list: what is wrong with the options is no image's fault
    const at = method === 'features' ? 1 : 0;
    const { settled = false, ...own } = (args[at] ?? {}) as { settled?: boolean };
    const each = Object.assign([...args], { [at]: own });
    const results: unknown[] = [];
    const work = async (model: M, image: unknown) => ((await call(model, [image], each)) as unknown[])[0];
    for await (const result of this.#each(Array.from(images), work, false, undefined)) {
      const { index, image: _, ...one } = result;
      if (one.status === 'rejected') one.reason = inPlace(one.reason, index);
      if (one.status === 'rejected' && !settled) throw one.reason;
      results.push(settled || one.status === 'rejected' ? one : one.value);
    }
    return results;
  }

  /** Does it on the model that has least to do. */
  async #on<R>(work: (model: M) => Promise<R>): Promise<R> {
    const calls = (model: M): number => this.#calls.get(model) ?? 0;
    const free = this.#models.reduce((a, b) => (calls(b) < calls(a) ? b : a));
    this.#calls.set(free, calls(free) + 1);
    try {
      return await work(free);
    } finally {
      this.#calls.set(free, calls(free) - 1);
    }
  }
}
