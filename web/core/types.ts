/**
 * The shape of the compiled core (src/bindings), as TypeScript sees it: pointers are byte offsets into wasm memory.
 */
import type { Transforms } from '../base/transforms.js';

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
  /** Drop alpha as Pillow's convert('RGB') does (null), or compose on this 8-bit RGB color. */
  background: readonly [number, number, number] | null;
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
  /** Fills every layer with torchvision's random initialization (Kaiming normal, fan-out), from a seed. */
  initializeRandomly(seed: number): CoreResult<undefined>;
  /**
   * Runs an image after the transforms; returns the byte offset of classes * crops float32 logits, valid until the next
   * call on this network. `crops`: 1, 2 (the middle and its mirror image), 5 or 10 as torchvision's ten_crop.
   */
  run(image: CoreImage, transforms: Transforms, crops: number): CoreResult<number>;
  /** The same on a prepared batch: float32 [n, 3, height, width] (NCHW) at the byte offset, already normalized. */
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
  /** Wraps raw 8-bit pixels (copied), channels 1 (gray), 3 (RGB) or 4 (RGBA). */
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
  cropImage(image: CoreImage, transforms: Transforms, crops: number, index: number): CoreResult<CoreImage>;
  createNetwork(options: CoreNetworkOptions): CoreResult<CoreNetwork>;
  /**
   * Scores in double of `classes` float32 logits, the mean over `rows` of them, then the k best with score >= threshold,
   * best first, ties by lower index. `activation` is an index into ACTIVATIONS (web/base/activation.ts). `allowed` is the
   * byte offset of one byte a class (0 hides it from the result; the softmax is over all classes regardless), or 0 for no
   * filter. NOT_FINITE if a logit is NaN or infinite.
   */
  topK(
    logits: number,
    rows: number,
    classes: number,
    activation: number,
    k: number,
    threshold: number,
    allowed: number,
  ): CoreResult<CoreTopK[]>;
}

export interface CoreOutput {
  /** Byte offset and length of a finished shard, valid until the next call on this converter. */
  readonly pointer: number;
  readonly bytes: number;
}
