/**
 * The public class behind every entry of the package: inputs prepared, calls queued, results in order. Of the platform
 * it knows what platform.ts says.
 */

import { check, checkOptions, isFields, isListOf, SIGNAL } from '../base/check.js';
import { anyOf, inTurn, Queue } from '../base/concurrency.js';
import { naming, ResNet50Error } from '../base/errors.js';
import { buffersOf, findParameter, parametersOf, type TensorSpec } from '../base/resnet50.js';
import { mergeTransforms, normalizationMismatch, type Transforms } from '../base/transforms.js';
import { viewSettings } from '../base/view.js';
import type {
  Classification,
  ImageJob,
  ImageSettings,
  Jobs,
  PreparedImage,
  Preprocessed,
  StageOutput,
} from '../protocol/messages.js';
import type { FitReport } from '../protocol/training.js';
import type { FetchInput } from '../weights/http.js';
import type { Parameter } from '../weights/parameters.js';
import type { WeightsSource } from '../weights/source.js';
import { type Explanation, explanationOf } from './explain.js';
import type { Example, FitOptions } from './fit-options.js';
import type { ModelInfo, ModelWeights } from './info.js';
import {
  type AddressOpener,
  asDrawn,
  type ImageInput,
  isTensor,
  type Preparing,
  prepare,
  prepareTensor,
  type TensorInput,
  transferables,
} from './inputs.js';
import {
  type ClassifyOptions,
  checkCall,
  checkLoadOptions,
  decodeSettings,
  type ExplainOptions,
  type ImageOptions,
  type LoadOptions,
  type PreprocessOptions,
  pickSettings,
  type Settled,
} from './options.js';
import type { Platform } from './platform.js';
import { downloadKey, openSession, type Session, sourceOf } from './session.js';
import { type Summary, type SummaryOptions, summarize } from './summary.js';
import { type PlacedHead, withTraining } from './training-module.js';

type Numbers = Float32Array<ArrayBuffer>;
type Saved = Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>>;
/** Outputs of stages by name. */
type Stages = Record<string, StageOutput>;
/** What the network can see. */
type Given = ImageInput | TensorInput;
/** What a job on an image is asked besides what all of them are. */
type Wish<N extends ImageJob> = Omit<Jobs[N]['request'], 'image' | keyof ImageSettings>;

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
  readonly #opener: AddressOpener;
  readonly #options: LoadOptions;
  /** Of `load`, and after fine-tuning what that made. */
  readonly #ownSource: WeightsSource;
  #source: WeightsSource;
  readonly #limits: { maxBytes: number; maxPixels: number };
  readonly #queue = new Queue();
  #session: Session;
  #opening: Promise<Session> | undefined;
  #head: PlacedHead | null = null;
  #warned = false;
  /** Aborted by dispose(), with the error that pending calls get. */
  readonly #disposal = new AbortController();

  /** @internal Use `load`. */
  constructor({ platform, options, source, session }: ModelParts) {
    this.#platform = platform;
    const fetchInput: FetchInput = async (request, signal) =>
      (await this.#liveSession()).connection.call('fetch', request, { signal });
    this.#opener = { fetchInput, ...platform };
    this.#options = options;
    this.#source = this.#ownSource = source;
    this.#session = session;
    const { maxBytes = platform.limits.maxBytes, maxPixels = platform.limits.maxPixels } = options;
    this.#limits = { maxBytes, maxPixels };
    this.#warnOfNormalization(session.facts.transforms);
  }

  /** @internal Loads for a platform; `type` is the class of the entry. */
  static async open<T extends Model>(
    type: new (parts: ModelParts) => T,
    platform: Platform,
    options: LoadOptions,
  ): Promise<T> {
    checkLoadOptions(options);
    const { onProgress } = options;
    const signal = anyOf(options.signal);
    signal.throwIfAborted();
    const source = sourceOf(platform, options);
    const { head: given } = options;
    const head = given === undefined ? null : await withTraining(platform, (t) => t.readHead(given, platform, signal));
    const own = { ...options, transforms: options.transforms ?? head?.head.transforms };
    const open = () => openSession(platform, own, source, signal, onProgress);
    const key = downloadKey(source, options);
    const session = await (key === undefined ? open() : inTurn(key, open, signal));
    const model = new type({ platform, options: own, source, session });
    if (head !== null) await model.#placeFirst(head);
    return model;
  }

  /** The weights in use. */
  get weights(): ModelWeights {
    const { name, meta, categories } = this.#session.facts;
    return { name, meta, categories };
  }

  /** Flavour, threads and why; weights, precision, memory. */
  info(): ModelInfo {
    const { facts, choice, worker, connection } = this.#session;
    const { name, address, classes, parameters, precision, transforms, head } = facts;
    return {
      ...{ weights: name, address, classes, head, parameters, precision },
      ...{ activationBits: this.#options.activationBits ?? 7, transforms },
      ...{ flavour: choice.flavour, threads: choice.threads, worker, why: [...choice.why] },
      ...{ memoryBytes: connection.memoryBytes, version: __VERSION__ },
    };
  }

  /**
   * The best classes of an image, best first; of several images, one list each, in order.
   * @throws ResNet50Error naming the image and the reason; the model stays usable
   */
  classify(
    images: readonly ImageInput[],
    options: Settled<ClassifyOptions>,
  ): Promise<PromiseSettledResult<Classification[]>[]>;
  classify(images: readonly ImageInput[], options?: ClassifyOptions): Promise<Classification[][]>;
  classify(image: ImageInput, options?: ClassifyOptions): Promise<Classification[]>;
  async classify(images: ImageInput | readonly ImageInput[], options: ClassifyOptions = {}): Promise<unknown> {
    return this.#each('classify', images, options, { pick: pickSettings(options) }, (classes) => classes);
  }

  /**
   * The network's raw output, before softmax, one number a class: of an image, of several, or of a prepared tensor (one
   * row for shape [3, height, width], n rows for [n, 3, height, width]).
   */
  logits(images: readonly Given[], options: Settled<ImageOptions>): Promise<PromiseSettledResult<Numbers>[]>;
  logits(images: readonly Given[], options?: ImageOptions): Promise<Numbers[]>;
  logits(image: Given, options?: ImageOptions): Promise<Numbers>;
  logits(image: TensorInput, options?: ImageOptions): Promise<Numbers | Numbers[]>;
  async logits(images: Given | readonly Given[], options: ImageOptions = {}): Promise<unknown> {
    return this.#rows('logits', images, options, {}, (row) => row);
  }

  /**
   * What the network would see of an image (of several, one result each): the 8-bit crop, and the normalized tensor as
   * torchvision's `weights.transforms()` gives it.
   */
  preprocess(
    images: readonly ImageInput[],
    options: Settled<PreprocessOptions>,
  ): Promise<PromiseSettledResult<Preprocessed>[]>;
  preprocess(images: readonly ImageInput[], options?: PreprocessOptions): Promise<Preprocessed[]>;
  preprocess(image: ImageInput, options?: PreprocessOptions): Promise<Preprocessed>;
  async preprocess(images: ImageInput | readonly ImageInput[], options: PreprocessOptions = {}): Promise<unknown> {
    checkCall('preprocess', options);
    const { layout = 'nchw' } = options;
    return this.#each('preprocess', images, options, { layout }, (seen) => seen);
  }

  /**
   * The 2048 pooled features of an image (of several, or of a tensor, one vector each): what the classifier sees, and
   * what similar pictures have in common.
   */
  embed(images: readonly Given[], options: Settled<ImageOptions>): Promise<PromiseSettledResult<Numbers>[]>;
  embed(images: readonly Given[], options?: ImageOptions): Promise<Numbers[]>;
  embed(image: ImageInput, options?: ImageOptions): Promise<Numbers>;
  embed(image: TensorInput, options?: ImageOptions): Promise<Numbers | Numbers[]>;
  async embed(images: Given | readonly Given[], options: ImageOptions = {}): Promise<unknown> {
    const vector = ([pooled]: StageOutput[]): Numbers => (pooled as StageOutput).data;
    return this.#rows('features', images, options, { stages: ['avgpool'] }, vector);
  }

  /**
   * The output of a stage inside the network, by the name that torchvision's `create_feature_extractor` gives it: 'relu'
   * (the stem), 'maxpool', 'layer1' to 'layer4', one of their blocks ('layer3.1'), 'avgpool'. Of several stages, an object
   * by name, from one pass. Of several images, or of a tensor, one result each.
   * @throws ResNet50Error INVALID_ARGUMENT for other names
   */
  features(
    images: readonly Given[],
    stage: string,
    options: Settled<ImageOptions>,
  ): Promise<PromiseSettledResult<StageOutput>[]>;
  features(images: readonly Given[], stage: string, options?: ImageOptions): Promise<StageOutput[]>;
  features(image: ImageInput, stage: string, options?: ImageOptions): Promise<StageOutput>;
  features(image: TensorInput, stage: string, options?: ImageOptions): Promise<StageOutput | StageOutput[]>;
  features(
    images: readonly Given[],
    stages: readonly string[],
    options: Settled<ImageOptions>,
  ): Promise<PromiseSettledResult<Stages>[]>;
  features(images: readonly Given[], stages: readonly string[], options?: ImageOptions): Promise<Stages[]>;
  features(image: ImageInput, stages: readonly string[], options?: ImageOptions): Promise<Stages>;
  features(image: TensorInput, stages: readonly string[], options?: ImageOptions): Promise<Stages | Stages[]>;
  async features(
    images: Given | readonly Given[],
    stage: string | readonly string[],
    options: ImageOptions = {},
  ): Promise<unknown> {
    const names = typeof stage === 'string' ? [stage] : stage;
    const named = isListOf(names, 'string') && names.length > 0 && !names.includes('');
    check(named, 'stage', "must be a name such as 'layer3', or a list of names");
    const shaped = (row: StageOutput[]) =>
      typeof stage === 'string' ? row[0] : Object.fromEntries(names.map((name, i) => [name, row[i]]));
    return this.#rows('features', images, options, { stages: [...names] }, shaped);
  }

  /**
   * Where in an image (in several, one result each) a class was seen: its class activation map, exact for this network, on
   * the image itself, with the class and its probability. `paintHeatmap` draws it.
   * @throws ResNet50Error INVALID_ARGUMENT where there is no such class
   */
  explain(
    images: readonly ImageInput[],
    options: Settled<ExplainOptions>,
  ): Promise<PromiseSettledResult<Explanation>[]>;
  explain(images: readonly ImageInput[], options?: ExplainOptions): Promise<Explanation[]>;
  explain(image: ImageInput, options?: ExplainOptions): Promise<Explanation>;
  async explain(images: ImageInput | readonly ImageInput[], options: ExplainOptions = {}): Promise<unknown> {
    checkCall('explain', options);
    const { index = null, maxSide = 512, rotate = 0 } = options;
    return this.#each('explain', images, options, { index }, (of) => explanationOf(of, rotate, maxSide));
  }

  /**
   * Trains a classifier of your own on the network's features and puts it in place of the network's: from then on, calls
   * answer with your classes. Takes its turn among the other calls.
   * @throws ResNet50Error INVALID_ARGUMENT naming the option or the example; the signal's reason. The model is as before
   */
  async fit(examples: readonly Example[], options: FitOptions = {}): Promise<FitReport> {
    check(Array.isArray(examples), 'examples', 'must be a list of { image, label } or { embedding, label }');
    check(isFields(options), 'options', 'must be an object');
    check(options.signal === undefined || SIGNAL[1](options.signal), 'signal', SIGNAL[0]);
    const settings = this.#imageSettings(options);
    const signal = this.#until(options.signal);
    const preparing = examples.flatMap((example, i) =>
      example?.image === undefined ? [] : [prepare(example.image, `example ${i}`, this.#opener, this.#limits)],
    );
    return this.#queue.add(async () => {
      const { facts } = await this.#liveSession();
      const { workerUrl, wasmUrl } = this.#options;
      const where = { worker: this.#session.worker, workerUrl: workerUrl?.toString(), wasmUrl: wasmUrl?.toString() };
      const { threads } = this.#session.choice;
      const features = (stages: readonly string[]) => this.#values(preparing, { stages, ...settings }, signal);
      const shards = () => this.#session.connection.call('shards', null, { signal });
      const { placed, source, report } = await withTraining(this.#platform, (t) => {
        const connect = (threads: number) => t.connectTrainer({ ...where, threads });
        return t.fit({ facts, threads, signal, features, shards, connect }, examples, options);
      });
      signal.throwIfAborted();
      if (source === undefined) await this.#setHead(placed);
      else await this.#reload(source);
      return report;
    }, signal);
  }

  /**
   * The head that `fit` made (or `load` took), as the bytes of a safetensors file: fc.weight, fc.bias (or the examples of
   * 'knn'), and what they were made on. `load({ head })` takes them back.
   * @throws ResNet50Error NOT_READY without a head of your own
   */
  save(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * After fine-tuning, all files of the variant by name, manifest.json among them: written into a folder, or served,
   * `load({ weights: folder })` takes them.
   * @throws ResNet50Error NOT_READY before
   */
  save(options: { what: 'all' }): Promise<Record<string, Uint8Array<ArrayBuffer>>>;
  async save(options: { what?: 'head' | 'all' } = {}): Promise<Saved> {
    const work = () => withTraining<Saved>(this.#platform, (t) => t.save(options, this.#source, this.#head?.head));
    return this.#queue.add(work);
  }

  /** Puts the network's own weights and classes back. Takes its turn among the other calls. */
  async reset(): Promise<void> {
    const work = () => (this.#source === this.#ownSource ? this.#setHead(null) : this.#reload(this.#ownSource));
    return this.#queue.add(work, this.#disposal.signal);
  }

  /** torch's `named_parameters()`: name, shape and count of all that is trained; 25,557,032 numbers for 1000 classes. */
  parameters(): TensorSpec[] {
    const { classes, head } = this.#session.facts;
    return parametersOf(classes).filter(({ name }) => head !== 'knn' || !name.startsWith('fc.'));
  }

  /** torch's `named_buffers()`: the running statistics of the batch norms. */
  buffers(): TensorSpec[] {
    return buffersOf(this.#session.facts.classes);
  }

  /**
   * The values of a parameter or buffer by torchvision's name, read from the shards. From f32 weights: `fc` and batch
   * norms bit for bit, convolutions to the last bit or two. From int8 weights: what the network computes with.
   * @throws ResNet50Error INVALID_ARGUMENT for names that do not exist, and those that int8 weights do not have
   */
  async parameter(name: string, options: { signal?: AbortSignal } = {}): Promise<Parameter> {
    checkOptions(options, { signal: SIGNAL });
    const spec = findParameter(name, this.#session.facts.classes);
    const head = this.#head;
    if (head !== null && name.startsWith('fc.'))
      return withTraining(this.#platform, (t) => t.fcParameter(head.head, name));
    const until = this.#until(options.signal);
    const work = async () => (await this.#liveSession()).connection.call('parameter', spec, { signal: until });
    return this.#queue.add(work, until);
  }

  /** Modules with output shapes, parameters and multiply-accumulates, like torchinfo; `String(...)` makes a table of it. */
  summary(options: SummaryOptions = {}): Summary {
    return summarize(this.#session.facts.classes, options);
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

  #imageSettings(options: ImageOptions): ImageSettings {
    const decode = decodeSettings(options, this.#limits.maxPixels);
    this.#warnOfNormalization(mergeTransforms(this.#session.facts.transforms, options.transforms));
    return { decode, view: viewSettings(options), transforms: { ...options.transforms } };
  }

  /** Says once, by name and numbers, that pictures are normalized otherwise than in training. */
  #warnOfNormalization(used: Transforms): void {
    const { name, ownTransforms } = this.#session.facts;
    if (this.#warned || name === null) return;
    const sentence = normalizationMismatch(name, ownTransforms, used);
    if (sentence === undefined) return;
    this.#warned = true;
    console.warn(`resnet50-wasm: ${sentence}`);
  }

  /** A job that gives a list of rows: of an image one, of several one each, of a tensor as many as it has. */
  async #rows<N extends 'logits' | 'features'>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    shape: (row: Jobs[N]['result'][number]) => unknown,
  ): Promise<unknown> {
    if (!isTensor(images)) return this.#each(job, images, options, wish, ([row]) => shape(row as never));
    checkCall(job, options);
    const image = prepareTensor(images, 'the tensor');
    const request = { image, ...this.#imageSettings(options), ...wish } as Jobs[N]['request'];
    const signal = this.#until(options.signal);
    const rows = await this.#queue.add(() => this.#run(job, request, signal), signal);
    return images.shape.length === 3 ? shape(rows[0] as never) : Array.from(rows as never[], shape);
  }

  /** One job per image, in one place of the queue; the next image is prepared while one is computed. */
  async #each<N extends ImageJob>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    shape: (result: Jobs[N]['result']) => unknown,
  ): Promise<unknown> {
    checkCall(job, options);
    const { settled = false } = options;
    const many = Array.isArray(images);
    check(many || !settled, 'settled', 'is for lists of images');
    const settings = { ...this.#imageSettings(options), ...wish };
    const signal = this.#until(options.signal);
    const begin = (input: ImageInput, i: number): Preparing => {
      try {
        return prepare(input, many ? `image ${i}` : 'the image', this.#opener, this.#limits);
      } catch (error) {
        if (!settled) throw error;
        return () => Promise.reject(error);
      }
    };
    const preparing = Array.from(many ? images : [images], begin); // holes are entries too
    return this.#queue.add(async () => {
      const results: unknown[] = [];
      for await (const one of this.#inOrder(job, preparing, settings, signal)) {
        const { status } = one;
        if (status === 'fulfilled') {
          const value = shape(one.value);
          results.push(settled ? { status, value } : value);
        } else {
          const reason = many ? naming(`image ${results.length}`, one.reason) : one.reason;
          if (!settled) throw reason;
          results.push({ status, reason });
        }
      }
      return many ? results : results[0];
    }, signal);
  }

  /** What became of jobs one after the other; the next image is prepared while one is computed. */
  async *#inOrder<N extends ImageJob>(
    job: N,
    preparing: readonly Preparing[],
    settings: ImageSettings & Wish<N>,
    signal: AbortSignal,
  ): AsyncGenerator<PromiseSettledResult<Jobs[N]['result']>> {
    const begin = (i: number) => {
      const image = preparing[i]?.(signal);
      image?.catch(() => undefined); // awaited when it is its turn
      return image;
    };
    let ahead = begin(0);
    for (let i = 0; i < preparing.length; i++) {
      const [image] = await Promise.allSettled([ahead as Promise<PreparedImage>]);
      signal.throwIfAborted();
      ahead = begin(i + 1);
      const work =
        image.status === 'rejected'
          ? [image as PromiseSettledResult<never>]
          : await Promise.allSettled([
              this.#run(job, { image: image.value, ...settings } as Jobs[N]['request'], signal),
            ]);
      signal.throwIfAborted();
      yield work[0] as PromiseSettledResult<Jobs[N]['result']>;
    }
  }

  /** Stages of examples; the first error ends it. */
  async *#values(preparing: readonly Preparing[], settings: ImageSettings & Wish<'features'>, signal: AbortSignal) {
    for await (const one of this.#inOrder('features', preparing, settings, signal)) {
      if (one.status === 'rejected') throw one.reason;
      yield one.value;
    }
  }

  /** In the queue. Other weights in place of the ones in use, without a head of the user's own. */
  async #reload(source: WeightsSource): Promise<void> {
    const session = await this.#open(source, null);
    await this.#session.connection.close();
    [this.#session, this.#source, this.#head] = [session, source, null];
  }

  /** In the queue. The network's own head for null. */
  async #setHead(placed: PlacedHead | null): Promise<void> {
    const session = await this.#liveSession();
    session.facts = await session.connection.call('head', placed?.plain ?? null);
    this.#head = placed;
  }

  /** The head that the model was loaded with. */
  async #placeFirst(placed: PlacedHead): Promise<void> {
    try {
      await this.#setHead(placed);
    } catch (error) {
      await this.dispose();
      throw error;
    }
    const featuresOf = (of: { weights: string | null; precision: string }) => `${of.weights} in ${of.precision}`;
    const { name, precision } = this.#session.facts;
    const [from, to] = [featuresOf(placed.head), featuresOf({ weights: name, precision })];
    if (from !== to)
      console.warn(
        `resnet50-wasm: the head was trained on features of ${from}, not of ${to}: its answers will be poor`,
      );
  }

  async #run<N extends ImageJob>(job: N, request: Jobs[N]['request'], signal: AbortSignal): Promise<Jobs[N]['result']> {
    const { connection } = await this.#liveSession();
    try {
      return await connection.call(job, request, { signal, transfer: transferables(request.image) });
    } catch (error) {
      const image = await asDrawn(request.image, error)?.catch(() => undefined);
      if (image === undefined) throw error;
      return this.#run(job, { ...request, image }, signal);
    }
  }

  /** The session, or a fresh one where the last one crashed: the same for a job and the picture fetched beside it. */
  async #liveSession(): Promise<Session> {
    this.#disposal.signal.throwIfAborted();
    if (this.#session.connection.alive) return this.#session;
    this.#opening ??= this.#open(this.#source, this.#head).finally(() => {
      this.#opening = undefined;
    });
    this.#session = await this.#opening;
    return this.#session;
  }

  /** A fresh session, which must not outlive the model. */
  async #open(source: WeightsSource, head: PlacedHead | null): Promise<Session> {
    const session = await openSession(this.#platform, this.#options, source);
    const { connection } = session;
    try {
      if (head !== null) session.facts = await connection.call('head', head.plain);
      this.#disposal.signal.throwIfAborted();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return session;
  }

  /** Ends with the caller's signal or with the model. */
  #until(signal: AbortSignal | undefined): AbortSignal {
    return anyOf(signal, this.#disposal.signal);
  }
}
