/**
 * The public class behind every entry of the package: inputs prepared, calls queued, results in order. Of the platform
 * it knows what platform.ts says.
 */

import { check, checkOneOf, isListOf, isNumber } from '../base/check.js';
import { inTurn, Queue } from '../base/concurrency.js';
import { ResNet50Error } from '../base/errors.js';
import { buffersOf, findParameter, parametersOf, type TensorSpec } from '../base/resnet50.js';
import { mergeTransforms, normalizationMismatch, type Transforms } from '../base/transforms.js';
import { viewSettings } from '../base/view.js';
import type {
  Classification,
  ExplainedGrid,
  ImageJob,
  ImageSettings,
  Jobs,
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
  type ImageInput,
  type Preparing,
  prepare,
  prepareTensor,
  type TensorInput,
  transferables,
} from './inputs.js';
import {
  type ClassifyOptions,
  checkLoadOptions,
  decodeSettings,
  type ExplainOptions,
  type ImageOptions,
  type LoadOptions,
  type PreprocessOptions,
  pickSettings,
} from './options.js';
import type { Platform } from './platform.js';
import { downloadKey, openSession, type Session, sourceOf } from './session.js';
import { type Summary, type SummaryOptions, summarize } from './summary.js';
import { type PlacedHead, withTraining } from './training-module.js';

type Numbers = Float32Array<ArrayBuffer>;
type Saved = Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>>;
/** Outputs of stages by name. */
type Stages = Record<string, StageOutput>;
/** One row of stages, or a row per image. */
type Features = StageOutput[] | StageOutput[][];
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
    options.signal?.throwIfAborted();
    const source = sourceOf(platform, options);
    const { signal, onProgress } = options;
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
  classify(images: readonly ImageInput[], options?: ClassifyOptions): Promise<Classification[][]>;
  classify(image: ImageInput, options?: ClassifyOptions): Promise<Classification[]>;
  async classify(
    images: ImageInput | readonly ImageInput[],
    options: ClassifyOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    return this.#each('classify', images, options, { pick: pickSettings(options) });
  }

  /**
   * The network's raw output, before softmax, one number a class: of an image, of several, or of a prepared tensor (one
   * row for shape [3, height, width], n rows for [n, 3, height, width]).
   */
  logits(images: readonly ImageInput[], options?: ImageOptions): Promise<Numbers[]>;
  logits(image: ImageInput | TensorInput, options?: ImageOptions): Promise<Numbers>;
  logits(image: TensorInput, options?: ImageOptions): Promise<Numbers | Numbers[]>;
  async logits(
    images: ImageInput | TensorInput | readonly ImageInput[],
    options: ImageOptions = {},
  ): Promise<Numbers | Numbers[]> {
    return this.#rows('logits', images, options, {});
  }

  /**
   * What the network would see of an image (of several, one result each): the 8-bit crop, and the normalized tensor as
   * torchvision's `weights.transforms()` gives it.
   */
  preprocess(images: readonly ImageInput[], options?: PreprocessOptions): Promise<Preprocessed[]>;
  preprocess(image: ImageInput, options?: PreprocessOptions): Promise<Preprocessed>;
  async preprocess(
    images: ImageInput | readonly ImageInput[],
    options: PreprocessOptions = {},
  ): Promise<Preprocessed | Preprocessed[]> {
    const { layout = 'nchw' } = options;
    checkOneOf(layout, 'layout', 'nchw', 'nhwc');
    return this.#each('preprocess', images, options, { layout });
  }

  /**
   * The 2048 pooled features of an image (of several, or of a tensor, one vector each): what the classifier sees, and
   * what similar pictures have in common.
   */
  embed(images: readonly ImageInput[], options?: ImageOptions): Promise<Numbers[]>;
  embed(image: ImageInput, options?: ImageOptions): Promise<Numbers>;
  embed(image: TensorInput, options?: ImageOptions): Promise<Numbers | Numbers[]>;
  async embed(
    images: ImageInput | TensorInput | readonly ImageInput[],
    options: ImageOptions = {},
  ): Promise<Numbers | Numbers[]> {
    const features: Features = await this.#rows('features', images, options, { stages: ['avgpool'] });
    const vector = ([pooled]: StageOutput[]): Numbers => (pooled as StageOutput).data;
    return isRow(features) ? vector(features) : features.map(vector);
  }

  /**
   * The output of a stage inside the network, by the name that torchvision's `create_feature_extractor` gives it: 'relu'
   * (the stem), 'maxpool', 'layer1' to 'layer4', one of their blocks ('layer3.1'), 'avgpool'. Of several stages, an object
   * by name, from one pass. Of several images, or of a tensor, one result each.
   * @throws ResNet50Error INVALID_ARGUMENT for other names
   */
  features(images: readonly ImageInput[], stage: string, options?: ImageOptions): Promise<StageOutput[]>;
  features(image: ImageInput, stage: string, options?: ImageOptions): Promise<StageOutput>;
  features(image: TensorInput, stage: string, options?: ImageOptions): Promise<StageOutput | StageOutput[]>;
  features(images: readonly ImageInput[], stages: readonly string[], options?: ImageOptions): Promise<Stages[]>;
  features(image: ImageInput, stages: readonly string[], options?: ImageOptions): Promise<Stages>;
  features(image: TensorInput, stages: readonly string[], options?: ImageOptions): Promise<Stages | Stages[]>;
  async features(
    images: ImageInput | TensorInput | readonly ImageInput[],
    stage: string | readonly string[],
    options: ImageOptions = {},
  ): Promise<StageOutput | StageOutput[] | Stages | Stages[]> {
    const names = typeof stage === 'string' ? [stage] : stage;
    const named = isListOf(names, 'string') && names.length > 0 && !names.includes('');
    check(named, 'stage', "must be a name such as 'layer3', or a list of names");
    const features: Features = await this.#rows('features', images, options, { stages: names });
    const shaped = (row: StageOutput[]) =>
      typeof stage === 'string' ? (row[0] as StageOutput) : Object.fromEntries(names.map((name, i) => [name, row[i]]));
    return (isRow(features) ? shaped(features) : features.map(shaped)) as Stages;
  }

  /**
   * Where in an image (in several, one result each) a class was seen: its class activation map, exact for this network, on
   * the image itself, with the class and its probability. `paintHeatmap` draws it.
   * @throws ResNet50Error INVALID_ARGUMENT where there is no such class
   */
  explain(images: readonly ImageInput[], options?: ExplainOptions): Promise<Explanation[]>;
  explain(image: ImageInput, options?: ExplainOptions): Promise<Explanation>;
  async explain(
    images: ImageInput | readonly ImageInput[],
    options: ExplainOptions = {},
  ): Promise<Explanation | Explanation[]> {
    const { index = null, maxSide = 512, rotate = 0 } = options;
    check(index === null || isListOf([index], 'number', 'string'), 'index', 'must be an index, WordNet id or label');
    check(isNumber(maxSide, 1, Number.POSITIVE_INFINITY), 'maxSide', 'must be a number from 1');
    const explained = await this.#each('explain', images, options, { index });
    const onImage = (of: ExplainedGrid) => explanationOf(of, rotate, maxSide);
    return Array.isArray(explained) ? explained.map(onImage) : onImage(explained);
  }

  /**
   * Trains a classifier of your own on the network's features and puts it in place of the network's: from then on, calls
   * answer with your classes. Takes its turn among the other calls.
   * @throws ResNet50Error INVALID_ARGUMENT naming the option or the example; the signal's reason. The model is as before
   */
  async fit(examples: readonly Example[], options: FitOptions = {}): Promise<FitReport> {
    check(Array.isArray(examples), 'examples', 'must be a list of { image, label } or { embedding, label }');
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
      const features = (stages: readonly string[]) =>
        this.#inOrder('features', preparing, { stages, ...settings }, signal);
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
    return parametersOf(classes).filter(({ name }) => (head !== 'knn' && head !== 'none') || !name.startsWith('fc.'));
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
  async parameter(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<Parameter> {
    const spec = findParameter(name, this.#session.facts.classes);
    const head = this.#head;
    if (head !== null && name.startsWith('fc.'))
      return withTraining(this.#platform, (t) => t.fcParameter(head.head, name));
    const until = this.#until(signal);
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
    const transforms = options.transforms ?? {};
    this.#warnOfNormalization(mergeTransforms(this.#session.facts.transforms, transforms));
    return { decode, view: viewSettings(options), transforms };
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
    // biome-ignore lint/suspicious/noExplicitAny: whether it is one row or several depends on the images
  ): Promise<any> {
    if (isTensor(images)) {
      const image = prepareTensor(images, 'the tensor');
      const request = { image, ...this.#imageSettings(options), ...wish } as Jobs[N]['request'];
      const signal = this.#until(options.signal);
      const rows = await this.#queue.add(() => this.#run(job, request, signal), signal);
      return images.shape.length === 3 ? rows[0] : rows;
    }
    const rows = await this.#each(job, images, options, wish);
    return Array.isArray(images) ? (rows as Jobs[N]['result'][]).map(([row]) => row) : rows[0];
  }

  /** One job per image, in one place of the queue; the next image is prepared while one is computed. */
  async #each<N extends ImageJob>(
    job: N,
    images: unknown,
    options: ImageOptions,
    wish: Wish<N>,
    // biome-ignore lint/suspicious/noExplicitAny: whether it is one result or a list depends on the images
  ): Promise<any> {
    const settings = { ...this.#imageSettings(options), ...wish };
    const signal = this.#until(options.signal);
    const many = Array.isArray(images);
    const inputs = (many ? images : [images]) as ImageInput[];
    const label = (i: number) => (many ? `image ${i}` : 'the image');
    const preparing: Preparing[] = inputs.map((input, i) => prepare(input, label(i), this.#opener, this.#limits));
    return this.#queue.add(async () => {
      const results: Jobs[N]['result'][] = [];
      for await (const result of this.#inOrder(job, preparing, settings, signal)) results.push(result);
      return many ? results : results[0];
    }, signal);
  }

  /** The results of jobs one after the other; the next image is prepared while one is computed. */
  async *#inOrder<N extends ImageJob>(
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
      if (image !== undefined) yield await this.#run(job, { image, ...settings } as Jobs[N]['request'], signal);
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

  async #run<N extends ImageJob>(job: N, request: Jobs[N]['request'], signal: AbortSignal) {
    const { connection } = await this.#liveSession();
    return connection.call(job, request, { signal, transfer: transferables(request.image) });
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
    return signal === undefined ? this.#disposal.signal : AbortSignal.any([signal, this.#disposal.signal]);
  }
}

const isTensor = (v: unknown): v is TensorInput => typeof v === 'object' && v !== null && 'tensor' in v && 'shape' in v;

/** One row of stages, not a list of rows. */
const isRow = (features: Features): features is StageOutput[] => !Array.isArray(features[0]);
