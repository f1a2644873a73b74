/**
 * Jobs on images: one shape for all calls that take an image, several, or a tensor. Inputs are taken at the time of the
 * call, the work is done in the call's turn.
 */

import { check } from '../base/check.js';
import { orAborted } from '../base/concurrency.js';
import { naming } from '../base/errors.js';
import { mergeTransforms, normalizationMismatch, type Transforms } from '../base/transforms.js';
import { viewSettings } from '../base/view.js';
import type { ImageJob, ImageSettings, Jobs, PreparedImage } from '../protocol/messages.js';
import type { FetchInput } from '../weights/http.js';
import { type AddressOpener, asDrawn, type ImageInput, type Preparing, prepare, transferables } from './inputs.js';
import { checkCall, decodeSettings, type ImageOptions } from './options.js';
import type { Running } from './running.js';
import { isTensor, prepareTensor } from './tensors.js';

/** What a job on an image is asked besides what all of them are. */
type Wish<N extends ImageJob> = Omit<Jobs[N]['request'], 'image' | keyof ImageSettings>;

/** What a model does with images. */
export class ImageJobs {
  readonly #opener: AddressOpener;
  readonly #limits: { maxBytes: number; maxPixels: number };
  #warned = false;

  constructor(private readonly running: Running) {
    const { platform, options } = running;
    const fetchInput: FetchInput = async (request, signal) =>
      (await running.live()).connection.call('fetch', request, { signal });
    this.#opener = { fetchInput, ...platform };
    const { maxBytes = platform.limits.maxBytes, maxPixels = platform.limits.maxPixels } = options;
    this.#limits = { maxBytes, maxPixels };
    this.#warnOfNormalization(running.facts.transforms);
  }

  /** What a call says of its images, complete and checked. */
  settings(options: ImageOptions): ImageSettings {
    const decode = decodeSettings(options, this.#limits.maxPixels);
    const transforms = mergeTransforms(this.running.facts.transforms, options.transforms ?? {});
    this.#warnOfNormalization(transforms);
    return { decode, view: viewSettings(options), transforms };
  }

  /** Begins to prepare an input. */
  prepare(input: ImageInput, label: string): Preparing {
    return prepare(input, label, this.#opener, this.#limits);
  }

  /**
   * One job per image, in one place of the queue.
   * @param wish what the job is asked besides the image
   * @param shaped what the caller gets of each result
   * @returns one result of an image, a list of a list; `options.settled` says of what
   */
  async each<N extends ImageJob>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    shaped: (result: Jobs[N]['result']) => unknown,
  ): Promise<unknown> {
    checkCall(job, options);
    const { settled = false } = options;
    const many = Array.isArray(images);
    check(many || !settled, 'settled', 'is for lists of images');
    const settings = { ...this.settings(options), ...wish };
    const signal = this.running.until(options.signal);
    const begin = (input: ImageInput, i: number): Preparing => {
      try {
        return this.prepare(input, many ? `image ${i}` : 'the image');
      } catch (error) {
        if (!settled) throw error;
        return () => Promise.reject(error);
      }
    };
    const preparing = Array.from(many ? images : [images], begin); // holes are entries too
    const results = await this.running.inTurn(async () => {
      const done: PromiseSettledResult<unknown>[] = [];
      for await (const one of this.#settle(job, preparing, settings, signal)) {
        if (one.status === 'rejected' && many) one.reason = naming(`image ${done.length}`, one.reason);
        if (one.status === 'rejected' && !settled) throw one.reason;
        done.push(one);
      }
      return done;
    }, signal);
    const values = await Promise.all(
      results.map(async (one) => {
        if (one.status === 'rejected') return one;
        const value = await shaped(one.value as Jobs[N]['result']);
        return settled ? { ...one, value } : value;
      }),
    );
    return many ? values : values[0];
  }

  /** A job that gives a list of rows: of an image one, of several one each, of a tensor as many as it has. */
  async rows<N extends 'logits' | 'features'>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    shaped: (row: Jobs[N]['result'][number]) => unknown,
  ): Promise<unknown> {
    type Row = Jobs[N]['result'][number];
    if (!isTensor(images)) return this.each(job, images, options, wish, ([row]) => shaped(row as Row));
    checkCall(job, options);
    const image = prepareTensor(images, 'the tensor');
    const settings = { ...this.settings(options), ...wish };
    const signal = this.running.until(options.signal);
    const rows: Row[] = await this.running.inTurn(() => this.#run(job, image, settings, signal), signal);
    return images.shape.length === 3 ? shaped(rows[0] as Row) : rows.map(shaped);
  }

  /** The results of jobs one after the other; the first error ends it. */
  async *inOrder<N extends ImageJob>(
    job: N,
    preparing: readonly Preparing[],
    settings: ImageSettings & Wish<N>,
    signal: AbortSignal,
  ): AsyncGenerator<Jobs[N]['result']> {
    for await (const one of this.#settle(job, preparing, settings, signal)) {
      if (one.status === 'rejected') throw one.reason;
      yield one.value;
    }
  }

  /** What becomes of jobs one after the other; the next image is prepared while one is computed. */
  async *#settle<N extends ImageJob>(
    job: N,
    preparing: readonly Preparing[],
    settings: ImageSettings & Wish<N>,
    signal: AbortSignal,
  ): AsyncGenerator<PromiseSettledResult<Jobs[N]['result']>> {
    // What never comes, as from a stream that hangs, must not hold up the calls behind.
    const begun = (i: number) =>
      i < preparing.length ? orAborted((preparing[i] as Preparing)(signal), signal) : undefined;
    let ahead = begun(0);
    for (let i = 0; i < preparing.length; i++) {
      const current = ahead as Promise<PreparedImage>;
      await current.catch(() => undefined);
      ahead = begun(i + 1);
      ahead?.catch(() => undefined); // awaited in the next round
      const [one] = await Promise.allSettled([current.then((image) => this.#run(job, image, settings, signal))]);
      signal.throwIfAborted();
      yield one;
    }
  }

  async #run<N extends ImageJob>(
    job: N,
    image: PreparedImage,
    settings: ImageSettings & Wish<N>,
    signal: AbortSignal,
  ): Promise<Jobs[N]['result']> {
    const { connection } = await this.running.live();
    const request = { image, ...settings } as Jobs[N]['request'];
    try {
      return await connection.call(job, request, { signal, transfer: transferables(image) });
    } catch (error) {
      const drawn = await asDrawn(image, error, this.#opener, this.#limits);
      if (drawn === undefined) throw error;
      return this.#run(job, drawn, settings, signal);
    }
  }

  /** Says once, by name and numbers, that pictures are normalized otherwise than in training. */
  #warnOfNormalization(used: Transforms): void {
    const { name, ownTransforms } = this.running.facts;
    if (this.#warned || name === null) return;
    const sentence = normalizationMismatch(name, ownTransforms, used);
    if (sentence === undefined) return;
    this.#warned = true;
    console.warn(`resnet50-wasm: ${sentence}`);
  }
}
