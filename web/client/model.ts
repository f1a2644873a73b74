/**
 * The public class behind every entry of the package: what users call, with the checks of it. image-jobs.ts does what takes
 * images, running.ts keeps the host alive.
 */

import { check, checkOptions, isListOf, isOptions, SIGNAL } from '../base/check.js';
import { anyOf, inTurn } from '../base/concurrency.js';
import { checkEngine } from '../base/engine-support.js';
import { buffersOf, parametersOf, type TensorSpec } from '../base/resnet50.js';
import { mergeTransforms } from '../base/transforms.js';
import type { Classification, Preprocessed, StageOutput } from '../protocol/messages.js';
import type { FitReport } from '../protocol/training.js';
import type { Parameter } from '../weights/parameters.js';
import type { Explanation } from './explain.js';
import type { Example, FitOptions } from './fit-options.js';
import { ImageJobs } from './image-jobs.js';
import type { ModelInfo, ModelWeights } from './info.js';
import type { ImageInput } from './inputs.js';
import { withLate } from './late.js';
import {
  type ClassifyOptions,
  checkCall,
  checkLoadOptions,
  type ExplainOptions,
  type ImageOptions,
  type LoadOptions,
  type PreprocessOptions,
  pickSettings,
  type Settled,
} from './options.js';
import type { Platform } from './platform.js';
import { Running } from './running.js';
import { downloadKey, openSession, sourceOf } from './session.js';
import { type Summary, type SummaryOptions, summarize } from './summary.js';
import type { TensorInput } from './tensors.js';
import { withTraining } from './training-module.js';
import type { WatchResult } from './watch.js';

type Numbers = Float32Array<ArrayBuffer>;
type Saved = Uint8Array<ArrayBuffer> | Record<string, Uint8Array<ArrayBuffer>>;
/** Outputs of stages by name. */
type Stages = Record<string, StageOutput>;
/** What the network can see. */
type Given = ImageInput | TensorInput;

/** A ResNet-50 at work. Calls queue; results come in the order of the calls. */
export class Model {
  readonly #running: Running;
  readonly #images: ImageJobs;

  /** @internal Use `load`. */
  constructor(running: Running) {
    this.#running = running;
    this.#images = new ImageJobs(running);
  }

  /** @internal Loads for a platform; `make` calls the constructor of the entry's class, which is private. */
  static async open<T extends Model>(
    make: (running: Running) => T,
    platform: Platform,
    options: LoadOptions,
  ): Promise<T> {
    checkEngine();
    checkLoadOptions(options);
    const { onProgress } = options;
    const signal = anyOf(options.signal);
    signal.throwIfAborted();
    const { head: given } = options;
    const head = given === undefined ? null : await withTraining(platform, (t) => t.readHead(given, platform, signal));
    const base = head?.transforms;
    const own = base ? { ...options, transforms: mergeTransforms(base, options.transforms) } : options;
    const source = sourceOf(platform, options, head?.weights);
    const open = () => openSession(platform, own, source, signal, onProgress);
    const key = downloadKey(source, options);
    const session = await (key === undefined ? open() : inTurn(key, open, signal));
    const running = new Running(platform, own, source, session);
    const model = make(running);
    if (head !== null) await withTraining(platform, (t) => t.placeFirst(running, head));
    return model;
  }

  /** The weights in use. */
  get weights(): ModelWeights {
    const { name, meta, categories } = this.#running.facts;
    return { name, meta, categories };
  }

  /** Flavour, threads and why; weights, precision, memory. */
  info(): ModelInfo {
    const { session, options } = this.#running;
    const { facts, choice, worker, connection } = session;
    const { threads } = connection;
    const watched = threads > 0 ? [`${threads} of ${choice.threads} threads: fastest in the first pictures`] : [];
    const { name, address, classes, parameters, precision, transforms, activation, head } = facts;
    return {
      ...{ weights: name, address, classes, head, parameters, precision },
      ...{ activationBits: options.activationBits ?? 7, transforms, activation },
      ...{ flavour: choice.flavour, threads: threads || choice.threads, worker, why: [...choice.why, ...watched] },
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
    return this.#images.each('classify', images, options, { pick: pickSettings(options) }, (best) => best);
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
    return this.#images.rows('logits', images, options, {}, (row) => row);
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
    return this.#images.each('preprocess', images, options, { layout }, (crop) => crop);
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
    return this.#images.rows('features', images, options, { stages: ['avgpool'] }, vector);
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
    const byName = (row: StageOutput[]) => Object.fromEntries(names.map((name, i) => [name, row[i] as StageOutput]));
    const only = (row: StageOutput[]) => row[0] as StageOutput;
    const wish = { stages: [...names] };
    return typeof stage === 'string'
      ? this.#images.rows('features', images, options, wish, only)
      : this.#images.rows('features', images, options, wish, byName);
  }

  /**
   * Where in an image (in several, one result each) a class was seen: its class activation map, exact for this network, on
   * the image itself, with the class and its score. `paintHeatmap` draws it.
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
    const { index = null, maxSide = 512, rotate = 0, activation } = options;
    const extras = () => this.#running.platform.loadExtras();
    return this.#images.each('explain', images, options, { index, activation }, (seen) =>
      withLate(extras(), ({ explanationOf }) => explanationOf(seen, rotate, maxSide)),
    );
  }

  /**
   * Classifies a video as it plays, the camera's for one, and calls `onResult` with the newest frame's classes, again and
   * again. Frames that come meanwhile are dropped; none waits in a queue, and hidden pages rest. Resolves when `signal` is
   * aborted or the video has ended; waits for what `onResult` returns.
   * @throws ResNet50Error INVALID_ARGUMENT for what is no video element; what a call of `classify` or `onResult` throws
   */
  async watch(
    video: HTMLVideoElement,
    onResult: (result: WatchResult) => unknown,
    options: ClassifyOptions = {},
  ): Promise<void> {
    checkCall('classify', options);
    const signal = this.#running.until(options.signal);
    const classify = () => this.classify(video, options);
    const extras = this.#running.platform.loadExtras();
    return withLate(extras, ({ watchVideo }) => watchVideo(classify, video, onResult, signal));
  }

  /**
   * Trains a classifier of your own on the network's features and puts it in place of the network's: from then on, calls
   * answer with your classes. Takes its turn among the other calls.
   * @throws ResNet50Error INVALID_ARGUMENT naming the option or the example; the signal's reason. The model is as before
   */
  async fit(examples: readonly Example[], options: FitOptions = {}): Promise<FitReport> {
    check(Array.isArray(examples), 'examples', 'must be a list of { image, label } or { embedding, label }');
    check(isOptions(options), 'options', 'must be an object');
    const { signal: given, orientation, background } = options;
    checkCall('fit', { signal: given, orientation, background } as ImageOptions); // the others are checked in their turn
    const [running, images] = [this.#running, this.#images];
    const settings = images.settings(options);
    const signal = running.until(options.signal);
    const preparing = examples.flatMap((example, i) =>
      example?.image === undefined ? [] : [images.prepare(example.image, `example ${i}`)],
    );
    const features = (stages: readonly string[]) =>
      images.inOrder('features', preparing, { stages, ...settings }, signal);
    const fitting = { model: running, features, signal };
    const work = () => withTraining(running.platform, (t) => t.fitModel(fitting, examples, options, t.connectTrainer));
    return running.inTurn(work, signal);
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
    const { platform } = this.#running;
    return this.#running.inTurn(() =>
      withTraining<Saved>(platform, (t) => t.save(options, this.#running.source, this.#running.head ?? undefined)),
    );
  }

  /** Puts the network's own weights and classes back. Takes its turn among the other calls. */
  async reset(): Promise<void> {
    return this.#running.inTurn(() => this.#running.reset(), this.#running.until());
  }

  /** torch's `named_parameters()`: name, shape and count of all that is trained; 25,557,032 numbers for 1000 classes. */
  parameters(): TensorSpec[] {
    const { classes, head } = this.#running.facts;
    return parametersOf(classes).filter(({ name }) => (head !== 'knn' && head !== 'none') || !name.startsWith('fc.'));
  }

  /** torch's `named_buffers()`: the running statistics of the batch norms. */
  buffers(): TensorSpec[] {
    return buffersOf(this.#running.facts.classes);
  }

  /**
   * The values of a parameter or buffer by torchvision's name, read from the shards. From f32 weights: `fc` and batch
   * norms bit for bit, convolutions to the last bit or two. From int8 weights: what the network computes with.
   * @throws ResNet50Error INVALID_ARGUMENT for names that do not exist, and those that int8 weights do not have
   */
  async parameter(name: string, options: { signal?: AbortSignal } = {}): Promise<Parameter> {
    checkOptions(options, { signal: SIGNAL });
    const running = this.#running;
    const until = running.until(options.signal);
    return running.inTurn(async () => {
      const { connection, facts } = await running.live();
      const { head } = running;
      const read = (names: readonly string[]) => connection.call('tensors', names, { signal: until });
      return head !== null && /^fc\.(weight|bias)$/.test(name)
        ? withTraining(running.platform, (t) => t.fcParameter(head, name))
        : withLate(running.platform.loadExtras(), (extras) => extras.readParameter(name, facts, read));
    }, until);
  }

  /** Modules with output shapes, parameters and multiply-accumulates, like torchinfo; `String(...)` makes a table of it. */
  summary(options: SummaryOptions = {}): Summary {
    return summarize(this.#running.facts.classes, options);
  }

  /** Ends the worker and gives all memory back. Calls in progress reject with DISPOSED. Twice is as good as once. */
  async dispose(): Promise<void> {
    await this.#running.dispose();
  }

  /** `await using model = await ResNet50.load()` */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
