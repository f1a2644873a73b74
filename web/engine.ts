/**
 * Everything that touches a core: one module, one network, one thread of callers. Runs in whatever realm it is
 * created in. Knows nothing of messages, flavour choice or where weights lie.
 */
import type { TensorSpec } from './architecture.js';
import type { CoreImage, CoreModule, CoreNetwork, CoreResult } from './core.js';
import { withObjects } from './core-objects.js';
import { describe, type ErrorCode, ResNet50Error } from './errors.js';
import { parameterCount } from './head.js';
import type { Category } from './manifest.js';
import { type Parameter, ParameterSource } from './parameters.js';
import { maskOf } from './pick.js';
import type { Place } from './places.js';
import { normalize } from './preprocess.js';
import type {
  Classification,
  DecodeSettings,
  ImageJob,
  ImageSettings,
  LoadedFacts,
  LoadSpec,
  PickSettings,
  PlainHead,
  PreparedImage,
  Preprocessed,
  ProgressEvent,
} from './protocol.js';
import { mergeTransforms, type Transforms } from './transforms.js';
import { viewBox } from './view.js';
import { findWeightsFolder, inMemory, shardsOf, streamShards } from './weights-source.js';

/** Options of Emscripten's module factory that this package uses. */
export interface CoreFactoryOptions {
  /** Threads started before the factory resolves (the caller's own not counted). */
  pthreadPoolSize?: number;
  locateFile?: (file: string) => string;
  instantiateWasm?: (
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
  print?: (line: string) => void;
  printErr?: (line: string) => void;
  /** Browsers: the next of the workers that are threads (see web/build.mjs, web/threads.browser.ts). */
  startThread?: () => Worker;
}

/** The default export of a compiled flavour. */
export type CoreFactory = (options?: CoreFactoryOptions) => Promise<CoreModule>;

/** What the engine needs from its realm. */
export interface EngineHost {
  loadFactory(flavour: LoadSpec['flavour']): Promise<CoreFactory>;
  /** @param precision that will be asked for, for places that read ahead */
  openPlace(address: string, precision: LoadSpec['precision']): Place;
  /** Decodes formats the core does not read, where the realm can; RGBA. */
  decodeForeign?(bytes: Uint8Array<ArrayBuffer>, decode: DecodeSettings): Promise<ForeignImage | undefined>;
  /** Reads the pixels of a bitmap; closes it. */
  readBitmap?(bitmap: ImageBitmap, decode: DecodeSettings, name: string): Promise<ForeignImage>;
}

/** Pixels that the realm decoded: RGBA, not premultiplied. */
export interface ForeignImage {
  data: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** The value of a result, or its error thrown as ours; an empty subject becomes `subject`. */
export function unwrap<T>(result: CoreResult<T>, subject = ''): T {
  if (result.error === undefined) return result.value as T;
  const { code, message } = result.error;
  const about = result.error.subject || subject;
  const text = about === '' || message.includes(about) ? message : `${about}: ${message}`;
  throw new ResNet50Error(code as ErrorCode, text, { subject: about });
}

/** Copies bytes or numbers into a new block of the core's memory. The caller releases it. */
export function copyIn(core: CoreModule, data: ArrayBufferView, subject: string): number {
  const { buffer, byteOffset, byteLength } = data;
  const pointer = core.allocate(byteLength);
  if (pointer === 0) {
    throw new ResNet50Error('OUT_OF_MEMORY', `no memory for the ${byteLength} bytes of ${subject}`, { subject });
  }
  core.HEAPU8.set(new Uint8Array(buffer, byteOffset, byteLength), pointer);
  return pointer;
}

/** Starts a compiled core. */
export async function startCore(
  factory: CoreFactory,
  spec: Pick<LoadSpec, 'threads' | 'wasmFile' | 'wasmModule'>,
): Promise<CoreModule> {
  const { threads, wasmFile, wasmModule } = spec;
  // Emscripten's own promise never settles when instantiateWasm fails, so that failure is raced against it.
  let fail: (reason: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const options: CoreFactoryOptions = {
    pthreadPoolSize: threads - 1,
    print: () => undefined,
    printErr: () => undefined,
  };
  if (wasmFile !== null) options.locateFile = () => wasmFile;
  if (wasmModule !== null) {
    options.instantiateWasm = (imports, receive) => {
      WebAssembly.instantiate(wasmModule, imports).then((instance) => receive(instance, wasmModule), fail);
      return {};
    };
  }
  return Promise.race([factory(options).then(withObjects), failure]);
}

/** A core with a network in it. */
export class Engine {
  facts: LoadedFacts;
  readonly core: CoreModule;
  readonly network: CoreNetwork;
  readonly #host: EngineHost;
  /** Without a head of the user's own. */
  readonly #ownFacts: LoadedFacts;

  private constructor(
    core: CoreModule,
    network: CoreNetwork,
    facts: LoadedFacts,
    host: EngineHost,
    readonly parameters?: ParameterSource,
  ) {
    this.core = core;
    this.network = network;
    this.facts = this.#ownFacts = facts;
    this.#host = host;
  }

  /** Starts the core while the weights are on their way, and fills it as they arrive. */
  static async load(
    spec: LoadSpec,
    host: EngineHost,
    onProgress: (event: ProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<Engine> {
    onProgress({ phase: 'core', loaded: 0, total: 0, shard: '' });
    const starting = host.loadFactory(spec.flavour).then(
      (factory) => startCore(factory, spec),
      (cause) => Promise.reject(cause),
    );
    const ready = starting.catch((cause: unknown) => {
      throw coreLoadFailed(spec, cause);
    });
    ready.catch(() => undefined); // awaited below; must not count as unhandled while the manifest is read
    return spec.source.kind === 'random'
      ? Engine.#random(spec, spec.source, await ready, host, onProgress)
      : Engine.#fromFolder(spec, spec.source, ready, host, onProgress, signal);
  }

  static #random(
    spec: LoadSpec,
    source: Extract<LoadSpec['source'], { kind: 'random' }>,
    core: CoreModule,
    host: EngineHost,
    onProgress: (event: ProgressEvent) => void,
  ): Engine {
    if (spec.precision === 'int8') {
      throw new ResNet50Error(
        'INVALID_ARGUMENT',
        "weights: null has no calibrated ranges, which precision 'int8' needs: use precision 'f32'",
        { subject: 'precision' },
      );
    }
    const { classes, seed } = source;
    const { activationBits, threads } = spec;
    const network = unwrap(
      core.createNetwork({ classes, precision: 'f32', activationBits, threads, ranges: {} }),
      'weights',
    );
    unwrap(network.initialiseRandomly(seed), 'weights');
    onProgress({ phase: 'ready', loaded: 0, total: 0, shard: '' });
    const transforms = mergeTransforms(spec.fallbackTransforms, spec.transforms);
    const parameters = parameterCount(classes);
    const facts: LoadedFacts = {
      ...{ name: null, address: null, meta: {}, categories: null, precision: 'f32' },
      ...{ classes, parameters, transforms, ownTransforms: spec.fallbackTransforms, head: null },
    };
    return new Engine(core, network, facts, host);
  }

  static async #fromFolder(
    spec: LoadSpec,
    source: Exclude<LoadSpec['source'], { kind: 'random' }>,
    starting: Promise<CoreModule>,
    host: EngineHost,
    onProgress: (event: ProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<Engine> {
    const { place, manifest } =
      source.kind === 'files'
        ? inMemory(source)
        : await findWeightsFolder(source, (address) => host.openPlace(address, spec.precision), signal);
    const precision = spec.precision === 'auto' ? (manifest.precisions.int8 ? 'int8' : 'f32') : spec.precision;
    const shards = shardsOf(manifest, precision, place.address);
    const transforms = mergeTransforms(manifest.transforms, spec.transforms);
    const total = shards.reduce((sum, s) => sum + s.bytes, 0);
    onProgress({ phase: 'manifest', loaded: 0, total, shard: '' });

    let core: CoreModule | undefined;
    let network: CoreNetwork | undefined;
    const create = async () => {
      core = await starting;
      const { activationBits, threads } = spec;
      const { ranges, categories } = manifest;
      network = unwrap(
        core.createNetwork({ classes: categories.length, precision, activationBits, threads, ranges }),
        manifest.name,
      );
      return { core, network };
    };
    const parameters = new ParameterSource(place, shards, precision, manifest);
    const creating = create();
    creating.catch(() => undefined); // awaited in take(), in order
    await streamShards(
      place,
      shards,
      {
        onBytes: (loaded, of, shard) => onProgress({ phase: 'weights', loaded, total: of, shard }),
        async take(shard, bytes) {
          const made = await creating;
          const pointer = copyIn(made.core, bytes, shard.file);
          try {
            unwrap(made.network.loadShard(pointer, bytes.length, shard.file), shard.file);
          } finally {
            made.core.release(pointer);
          }
        },
      },
      signal,
    );
    const made = await creating;
    const missing = made.network.missingLayers();
    if (missing.length > 0) {
      throw new ResNet50Error(
        'WEIGHTS_MISMATCH',
        `the shards in ${place.address} leave ${missing.length} layers without weights (${missing.slice(0, 3).join(', ')}): convert the checkpoint anew`,
        { subject: missing[0] ?? '' },
      );
    }
    onProgress({ phase: 'ready', loaded: total, total, shard: '' });
    const facts: LoadedFacts = {
      ...{ name: manifest.name, address: place.address, categories: manifest.categories },
      // Torchvision's `_metrics` are of float32; what int8 made of them is told apart from them.
      meta: manifest.quantization ? { ...manifest.meta, quantization: manifest.quantization } : manifest.meta,
      ...{ classes: manifest.categories.length, parameters: manifest.parameters, transforms, precision },
      ...{ ownTransforms: mergeTransforms(manifest.transforms), head: null },
    };
    return new Engine(made.core, made.network, facts, host, parameters);
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
  async classify(job: Extract<ImageJob, { type: 'classify' }>): Promise<Classification[]> {
    const { image, pick } = job;
    const { classes } = this.facts;
    const mask = maskOf(pick, classes, (i) => this.category(i));
    return this.withImage(image, job, (viewed, transforms) => {
      const logits = unwrap(this.network.run(viewed, transforms, pick.crops), image.name);
      return this.best(logits, pick, mask, pick.crops);
    });
  }

  /** The best classes of rows of logits in the core's memory, their probabilities averaged. */
  best(logits: number, pick: Pick<PickSettings, 'topK' | 'threshold'>, mask?: Uint8Array, rows = 1): Classification[] {
    const { core } = this;
    const { classes } = this.facts;
    const allowed = mask === undefined ? 0 : copyIn(core, mask, 'the allow and deny lists');
    try {
      const best = core.topK(logits, rows, classes, Math.min(pick.topK, classes), pick.threshold, allowed);
      return best.map(({ index, score }) => ({ index, ...this.category(index), score }));
    } finally {
      if (allowed !== 0) core.release(allowed);
    }
  }

  /** The network's raw output: one row a picture. */
  async logits(job: Extract<ImageJob, { type: 'logits' }>): Promise<Float32Array<ArrayBuffer>[]> {
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
    const whole = await this.#decode(image, decode);
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
  async preprocess(job: Extract<ImageJob, { type: 'preprocess' }>): Promise<Preprocessed> {
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
    const why =
      'weights: null draws its parameters from the seed and keeps them packed only: load real weights to read them';
    throw new ResNet50Error('INVALID_ARGUMENT', why, { subject: spec.name });
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

  async #decode(image: PreparedImage, decode: DecodeSettings): Promise<CoreImage> {
    switch (image.kind) {
      case 'bytes':
        return this.#decodeBytes(image.bytes, decode, image.name);
      case 'pixels':
        return this.#wrapPixels(image, decode, image.channels, image.name);
      case 'bitmap': {
        const pixels = await this.#host.readBitmap?.(image.bitmap, decode, image.name);
        if (pixels !== undefined) return this.#wrapPixels(pixels, decode, 4, image.name);
        break;
      }
      case 'tensor':
        break;
    }
    throw new ResNet50Error('UNSUPPORTED_INPUT', `${image.name}: a ${image.kind} cannot be classified here`, {
      subject: image.name,
    });
  }

  async #decodeBytes(bytes: Uint8Array<ArrayBuffer>, decode: DecodeSettings, name: string): Promise<CoreImage> {
    const pointer = copyIn(this.core, bytes, name);
    let result: CoreResult<CoreImage>;
    try {
      result = this.core.decodeImage(pointer, bytes.length, decode);
    } finally {
      this.core.release(pointer);
    }
    if (result.error?.code === 'UNSUPPORTED_FORMAT') {
      const foreign = await this.#host.decodeForeign?.(bytes, decode);
      if (foreign !== undefined) return this.#wrapPixels(foreign, decode, 4, name);
    }
    return unwrap(result, name);
  }

  #wrapPixels(pixels: ForeignImage, decode: DecodeSettings, channels: 1 | 3 | 4, name: string): CoreImage {
    const { data, width, height } = pixels;
    const pointer = copyIn(this.core, data, name);
    try {
      return unwrap(this.core.imageFromPixels(pointer, width, height, channels, decode.background), name);
    } finally {
      this.core.release(pointer);
    }
  }
}

function coreLoadFailed(spec: LoadSpec, cause: unknown): ResNet50Error {
  const from = spec.wasmFile === null ? '' : ` from ${spec.wasmFile}`;
  return new ResNet50Error(
    'CORE_LOAD_FAILED',
    `resnet50-${spec.flavour}.wasm could not be started${from}: ${describe(cause)} (if the file lies elsewhere, say where with wasmUrl)`,
    { subject: `resnet50-${spec.flavour}.wasm`, cause },
  );
}
