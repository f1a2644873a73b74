/**
 * The shape of the compiled core (src/bindings), as TypeScript sees it: pointers are byte offsets into wasm memory.
 * Knows nothing of workers, files or the network.
 */
import type { FinetuneSettings } from '../protocol/finetune-job.js';

/** An error returned by value by the C++ core; `code` is one of the names in src/base/result.cc. */
export interface CoreError {
  readonly code: string;
  /** The file, shard, tensor or field that is wrong; may be empty. */
  readonly subject: string;
  readonly message: string;
}

/** Either a value or an error, as every fallible function of the core returns. */
export type CoreResult<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly error: CoreError; readonly value?: undefined };

export interface CoreDecodeOptions {
  /** Most pixels (width x height) that may be decoded. */
  maxPixels: number;
  /** Apply the EXIF orientation, as a photo viewer would. Pillow and torchvision do not. */
  applyOrientation: boolean;
  /** Drop alpha as Pillow's convert('RGB') does (null), or compose on this 8-bit RGB colour. */
  background: readonly [number, number, number] | null;
}

export type Interpolation = 'nearest' | 'bilinear' | 'bicubic';

/** torchvision's ImageClassification preset in plain numbers. */
export interface CoreTransforms {
  /** Length of the image's shorter side after resizing, pixels. */
  resizeSize: number;
  /** Side of the square cut out of the middle, pixels. */
  cropSize: number;
  interpolation: Interpolation;
  /** As Pillow resizes (true), or as torchvision 0.14 resizes 8-bit tensors unless told otherwise (false). */
  antialias: boolean;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/** A decoded image in wasm memory: 8-bit RGB, rows top to bottom, no padding. Call delete() when done. */
export interface CoreImage {
  readonly width: number;
  readonly height: number;
  /** Byte offset of the pixels, width * height * 3 bytes. */
  readonly pixels: number;
  /** 'jpeg', 'png', 'bmp' or 'raw'. */
  readonly format: string;
  /** EXIF orientation found in the file, 1..8 (1 where there is none). */
  readonly orientation: number;
  delete(): void;
}

export interface CoreNetworkOptions {
  classes: number;
  precision: 'int8' | 'f32';
  /** Width of the activations that feed a convolution: 7 (0..127, default, exact everywhere) or 8 bits. Ignored by f32. */
  activationBits: 7 | 8;
  /** Threads, including the caller's own. 1 in the single-threaded flavours. */
  threads: number;
  /** Real-valued range [min, max] of each tensor that int8 needs, by layer name, from the manifest. Ignored by f32. */
  ranges: Readonly<Record<string, readonly [number, number]>>;
}

/** float32 values in wasm memory: NCHW at the byte offset; `channels` counts those of the stage. */
export interface CoreBlock {
  readonly pointer: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A head of the user's own; pointers are byte offsets, 0 where there is nothing. */
export interface CoreHead {
  readonly classes: number;
  /** Rows of features: classes, or examples where there is a `k`. */
  readonly rows: number;
  /** float32 [rows, 2048]. */
  readonly features: number;
  /** Of linear heads the biases, float32 [rows]; of nearest examples their classes, int32 [rows]. */
  readonly perRow: number;
  /** How many examples vote; null for linear heads. */
  readonly k: number | null;
}

/** A ResNet-50 in wasm memory. Call delete() when done. */
export interface CoreNetwork {
  readonly classes: number;
  /** Names of the layers whose weights have not arrived, in network order. */
  missingLayers(): string[];
  /** Reads one shard (a whole safetensors file) and packs every layer that is complete with it. */
  loadShard(pointer: number, bytes: number, name: string): CoreResult<undefined>;
  /** Fills every layer with torchvision's random initialisation (Kaiming normal, fan-out), from a seed. */
  initialiseRandomly(seed: number): CoreResult<undefined>;
  /**
   * Runs an image after the transforms; returns the byte offset of classes * crops float32 logits, valid until the next
   * call on this network. `crops`: 1, 2 (the middle and its mirror image), 5 or 10 as torchvision's ten_crop.
   */
  run(image: CoreImage, transforms: CoreTransforms, crops: number): CoreResult<number>;
  /** The same on a prepared batch: float32 [n, 3, height, width] (NCHW) at the byte offset, already normalised. */
  runTensor(pointer: number, n: number, height: number, width: number): CoreResult<number>;
  /** Further runs keep a copy of a stage's output (relu, maxpool, layer1, layer3.1, avgpool); '' ends all that. */
  keep(stage: string): CoreResult<undefined>;
  /** The i-th kept output of the last run, one block an image. Valid until the next run. */
  kept(index: number): CoreResult<CoreBlock>;
  /** sum over k of fc.weight[index, k] * layer4[k] of the last run, at each position. Valid until the next call of it. */
  activationMap(index: number): CoreResult<CoreBlock>;
  /** Further runs end in this head (copied), in float32; in the network's own after null. */
  setHead(head: CoreHead | null): CoreResult<undefined>;
  delete(): void;
}

export interface CoreTopK {
  readonly index: number;
  readonly score: number;
}

/** The runtime module: one of the four flavours. */
export interface CoreModule {
  /** Views of the wasm memory; read them anew after every call that may allocate. */
  readonly HEAPU8: Uint8Array;
  readonly HEAPF32: Float32Array;
  /** Byte offset of a new block, aligned to 16; 0 when memory ran out. */
  allocate(bytes: number): number;
  release(pointer: number): void;
  /** Bytes of wasm memory in use by the module as a whole. */
  memoryBytes(): number;
  decodeImage(pointer: number, bytes: number, options: CoreDecodeOptions): CoreResult<CoreImage>;
  /** Wraps raw 8-bit pixels (copied), channels 1 (grey), 3 (RGB) or 4 (RGBA). */
  imageFromPixels(
    pointer: number,
    width: number,
    height: number,
    channels: 1 | 3 | 4,
    background: readonly [number, number, number] | null,
  ): CoreResult<CoreImage>;
  /** A box of an image turned clockwise, in pixels of the turned image; a copy. */
  viewImage(
    image: CoreImage,
    degrees: number,
    left: number,
    top: number,
    width: number,
    height: number,
  ): CoreResult<CoreImage>;
  /** What the network would see: the `index`-th of `crops` crops (see CoreNetwork.run). */
  cropImage(image: CoreImage, transforms: CoreTransforms, crops: number, index: number): CoreResult<CoreImage>;
  createNetwork(options: CoreNetworkOptions): CoreResult<CoreNetwork>;
  /**
   * Softmax in double over `classes` float32 logits, the mean over `rows` of them, then the k best with score >= threshold, best first, ties by
   * lower index. `allowed` is the byte offset of one byte a class (0 hides it from the result; the softmax is over all
   * classes regardless), or 0 for no filter.
   */
  topK(logits: number, rows: number, classes: number, k: number, threshold: number, allowed: number): CoreTopK[];
}

export interface CoreConvertOptions {
  /** Transforms for calibration photos. */
  transforms: CoreTransforms;
  threads: number;
}

export interface CoreOutput {
  /** Byte offset and length of a finished shard, valid until the next call on this converter. */
  readonly pointer: number;
  readonly bytes: number;
}

export interface CoreQuantizationOptions {
  /** Scale channels so that one range serves them all. */
  equalize: boolean;
  /** How far the codes of activations reach. */
  ranges: 'extremes' | 'percentile' | 'squares';
  /** Round weights so that errors make up for each other; else to nearest. */
  compensate: boolean;
  /** Keep each channel's mean. */
  correctBias: boolean;
  /** Generated calibration images: give each channel the mean and deviation that batch norm expects. */
  matchBatchNorm: boolean;
  /** Share of the mean variance that steadies the compensation, over 0. */
  damping: number;
  /** How much covariances measured on few patches are distrusted; 0 not at all. */
  shrinkage: number;
  /** Coarse weights of about so many bits, 1..8; 0 for all eight. */
  compactBits: number;
  /** Coarse weights: what a bit is worth against error; 1 is the grid's own slope, 0 nothing. */
  rateWeight: number;
}

export interface CoreQuantization {
  /** For the manifest. */
  readonly ranges: Record<string, [number, number]>;
  /** Signal-to-noise of each stored tensor, dB, in network order. */
  readonly layers: readonly { readonly name: string; readonly signalToNoise: number }[];
  /** The checkpoint repeats short vectors of weights, and the shards do. */
  readonly repeatsVectors: boolean;
}

/** Checkpoint -> int8 (or f32) shards, in the converter module only. Call delete() when done. */
export interface CoreConverter {
  readonly classes: number;
  /** Parameters counted as torchvision counts them (batch-norm weights and biases in, running statistics out). */
  readonly parameters: number;
  /** Adds a photo to the calibration images. */
  calibrate(image: CoreImage): CoreResult<undefined>;
  /** Adds the i-th generated picture (deterministic). */
  calibrateGenerated(index: number): CoreResult<undefined>;
  /** Begins int8 quantization on the calibration images so far. */
  beginQuantization(options: CoreQuantizationOptions): CoreResult<undefined>;
  /** Does a part of it; the share that is done, 1 when all is. */
  continueQuantization(): CoreResult<number>;
  /** What came of it; undefined before all is done. */
  quantization(): CoreQuantization | undefined;
  /** Byte offset of the f32 network's logits for a photo, valid until the next call on this converter. */
  runFloat(image: CoreImage): CoreResult<number>;
  /** How many shards of the precision there will be; int8 needs calibration first. */
  planShards(precision: 'int8' | 'f32', maxShardBytes: number): CoreResult<number>;
  /** Writes the i-th planned shard. */
  shard(index: number): CoreResult<CoreOutput>;
  /** The last shard as a gzip file. */
  compressedShard(): CoreResult<CoreOutput>;
  delete(): void;
}

/** The converter module: everything of the runtime plus checkpoints and quantization. */
export interface ConverterModule extends CoreModule {
  /** Takes a .pth (zip or plain stream) or .safetensors state dict; the bytes may be released afterwards. */
  openCheckpoint(pointer: number, bytes: number, name: string, options: CoreConvertOptions): CoreResult<CoreConverter>;
}

export interface CoreTrainingOptions {
  classes: number;
  /** null for the default. */
  l2: number | null;
  holdOut: number;
  seed: number;
  maxIterations: number;
  patience: number;
}

/** How well a head does: mean loss, and accuracy in 0..1. */
export interface CoreFit {
  readonly loss: number;
  readonly accuracy: number;
}

/** Softmax regression, iteration by iteration. Call delete() when done. */
export interface CoreHeadTrainer {
  /** One iteration; `done` when no other would change the result. */
  step(): { iteration: number; trained: CoreFit; heldOut: CoreFit | null; done: boolean };
  /** The best head so far: byte offset of float32 [classes, width] and [classes], valid until the next call. */
  finish(): {
    pointer: number;
    /** Numbers of examples. */
    trained: number;
    heldOut: number;
    bestIteration: number;
    converged: boolean;
    /** The penalty in use. */
    l2: number;
  };
  delete(): void;
}

/** Fine-tuning of layer4 and fc, batch by batch. Call delete() when done. */
export interface CoreFinetuneTrainer {
  /** Byte offset and count of a parameter's float32 values, OHWI; null where there is none of the name. */
  parameter(name: string): { pointer: number; count: number } | null;
  /** float32 [1024, height, width] at a byte offset, which may be released afterwards. */
  add(pointer: number, count: number, label: number): CoreResult<undefined>;
  begin(): CoreResult<undefined>;
  step(): CoreResult<{
    epoch: number;
    batch: number;
    batches: number;
    trained: CoreFit;
    heldOut: CoreFit | null;
    epochDone: boolean;
    done: boolean;
  }>;
  /** Puts the weights of the best epoch in place; 0: those of the beginning. */
  finish(): { bestEpoch: number; trained: number; heldOut: number; score: CoreFit | null };
  /** Ranges of activations; `min` and `max` are those of layer3's output. */
  measure(min: number, max: number): CoreResult<{ layers: string[]; ranges: Record<string, [number, number]> }>;
  /** A layer's shard, valid until the next call. After measure(). */
  writeLayer(layer: string, int8: boolean): CoreResult<{ pointer: number; bytes: number }>;
  delete(): void;
}

/** The trainer module: memory and training. */
export interface TrainerModule extends CoreModule {
  createFinetuneTrainer(options: FinetuneSettings): CoreResult<CoreFinetuneTrainer>;
  /** float32 [count, width] and int32 [count] at byte offsets, which may be released afterwards. */
  createHeadTrainer(
    embeddings: number,
    labels: number,
    count: number,
    width: number,
    options: CoreTrainingOptions,
  ): CoreResult<CoreHeadTrainer>;
}
