/**
 * Jobs on images: one shape for all calls that take an image, several, or a tensor. Inputs are taken at the time of the
 * call, the work is done in the call's turn.
 */

import { mergeTransforms, normalizationMismatch, type Transforms } from '../base/transforms.js';
import { viewSettings } from '../base/view.js';
import type { ImageJob, ImageSettings, Jobs, PreparedImage } from '../protocol/messages.js';
import type { FetchInput } from '../weights/http.js';
import {
  type AddressOpener,
  type ImageInput,
  type Preparing,
  prepare,
  prepareTensor,
  type TensorInput,
  transferables,
} from './inputs.js';
import { decodeSettings, type ImageOptions } from './options.js';
import type { Running } from './running.js';

/** What a job on an image is asked besides what all of them are. */
type Wish<N extends ImageJob> = Omit<Jobs[N]['request'], 'image' | keyof ImageSettings>;

const isTensor = (v: unknown): v is TensorInput => typeof v === 'object' && v !== null && 'tensor' in v && 'shape' in v;

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
   * @returns one result of an image, a list of a list
   */
  async each<N extends ImageJob, T>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    shaped: (result: Jobs[N]['result']) => T | Promise<T>,
  ): Promise<T | T[]> {
    const settings = { ...this.settings(options), ...wish };
    const signal = this.running.until(options.signal);
    const many = Array.isArray(images);
    const inputs = (many ? images : [images]) as ImageInput[];
    const preparing = inputs.map((input, i) => this.prepare(input, many ? `image ${i}` : 'the image'));
    const results = await this.running.inTurn(async () => {
      const done: Jobs[N]['result'][] = [];
      for await (const result of this.inOrder(job, preparing, settings, signal)) done.push(result);
      return done;
    }, signal);
    return many ? Promise.all(results.map(shaped)) : shaped(results[0] as Jobs[N]['result']);
  }

  /** A job that gives a list of rows: of an image one, of several one each, of a tensor as many as it has. */
  async rows<N extends 'logits' | 'features', T>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    shaped: (row: Jobs[N]['result'][number]) => T,
  ): Promise<T | T[]> {
    type Row = Jobs[N]['result'][number];
    if (!isTensor(images)) return this.each(job, images, options, wish, ([row]) => shaped(row as Row));
    const image = prepareTensor(images, 'the tensor');
    const settings = { ...this.settings(options), ...wish };
    const signal = this.running.until(options.signal);
    const rows: Row[] = await this.running.inTurn(() => this.#run(job, image, settings, signal), signal);
    return images.shape.length === 3 ? shaped(rows[0] as Row) : rows.map(shaped);
  }

  /** The results of jobs one after the other; the next image is prepared while one is computed. */
  async *inOrder<N extends ImageJob>(
    job: N,
    preparing: readonly Preparing[],
    settings: ImageSettings & Wish<N>,
    signal: AbortSignal,
  ): AsyncGenerator<Jobs[N]['result']> {
    let ahead = preparing[0]?.(signal);
    for (let i = 0; i < preparing.length; i++) {
      const image = await ahead;
      ahead = preparing[i + 1]?.(signal);
      ahead?.catch(() => undefined); // awaited in the next round
      if (image !== undefined) yield await this.#run(job, image, settings, signal);
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
    return connection.call(job, request, { signal, transfer: transferables(image) });
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
