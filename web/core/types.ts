/**
 * The shape of the compiled core (src/bindings), as TypeScript sees it: pointers are byte offsets into wasm memory.
 */
import type { Transforms } from '../base/transforms.js';
import type { Region, ViewSettings } from '../base/view.js';

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

/** A result, or word that the work goes on with `proceed()`. */
export type CoreRun<T> = (CoreResult<T> & { readonly pending?: undefined }) | { readonly pending: true };

export interface CoreDecodeOptions {
  /** Most pixels (width x height) that may be decoded. */
  maxPixels: number;
  /** Apply the EXIF orientation, as a photo viewer would. Pillow and torchvision do not. */
  applyOrientation: boolean;
  /** Drop alpha as Pillow's convert('RGB') does (null), or compose on this 8-bit RGB color. */
  background: readonly [number, number, number] | null;
}

/**
 * A picture for the core, in a block of wasm memory that the call frees, whatever comes of it: an image file, or raw 8-bit
 * pixels (rows without padding) of 1 (gray), 3 (RGB) or 4 channels (RGBA, not premultiplied).
 */
export type CorePicture =
  | { readonly pointer: number; readonly bytes: number }
  | { readonly pointer: number; readonly width: number; readonly height: number; readonly channels: 1 | 3 | 4 };

/** A prepared batch in a block that the call frees: float32 [n, 3, height, width] (NCHW), already normalized. */
export interface CoreTensor {
  readonly pointer: number;
  readonly n: number;
  readonly height: number;
  readonly width: number;
}

export type CoreInput = CorePicture | CoreTensor;

/** How a picture is decoded, and which part of it is looked at. */
export interface CorePictureSettings {
  readonly decode: CoreDecodeOptions;
  readonly view: ViewSettings;
}

/** The same, and what the network wants of it. */
export interface CoreSettings extends CorePictureSettings {
  readonly transforms: Transforms;
}

/** Which classes an answer names. */
export interface CorePick {
  /** An index into ACTIVATIONS (base/activation.ts): what makes scores of logits, in double. */
  readonly activation: number;
  /** The best so many with score >= threshold, best first, ties by lower index; may be Infinity. */
  readonly topK: number;
  readonly threshold: number;
  /** Byte offset of one byte a class, or 0 for no filter: 0 hides it from the result, not from the softmax. */
  readonly allowed: number;
}

export interface CoreNetworkOptions {
  classes: number;
  precision: 'int8' | 'f32';
  /** Width of the activations that feed a convolution: 7 (0..127, default, exact everywhere) or 8 bits. Ignored by f32. */
  activationBits: 7 | 8;
  /** Threads, including the caller's own. 1 in the single-threaded flavours. */
  threads: number;
  /** Watch on how many of the threads pictures are fastest, and go on with that number. Same results. Default false. */
  watch?: boolean;
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

/** Where a class was seen. */
export interface CoreExplanation {
  readonly best: CoreTopK;
  /**
   * Byte offset of the class activation map, float32 [height, width], valid until the next call: the sum over k of
   * fc.weight[best, k] * layer4[k] at each position.
   */
  readonly grid: { readonly pointer: number; readonly width: number; readonly height: number };
  /** What the network saw, of the picture turned as asked; beyond 0..1 where it was padded. */
  readonly box: Region;
  /** Of the decoded picture before it is turned, pixels. */
  readonly width: number;
  readonly height: number;
}

/** Byte offsets of a square crop, valid until the next call: 8-bit RGB and float32 as the layout says. */
export interface CoreCrop {
  readonly pixels: number;
  readonly tensor: number;
  readonly side: number;
}

/**
 * A ResNet-50 at work in wasm memory (src/inference/session.h), one call per answer, or some where it takes longer than
 * 50 ms. Call delete() when done. Errors of pictures have the decoder's codes; NOT_FINITE where a logit is NaN or
 * infinite.
 */
export interface CoreSession {
  /** Names of the layers whose weights have not arrived, in network order. */
  missingLayers(): string[];
  /** Reads one shard (a whole safetensors file) and packs every layer that is complete with it. */
  loadShard(pointer: number, bytes: number, name: string): CoreResult<undefined>;
  /** Fills every layer with torchvision's random initialization (Kaiming normal, fan-out), from a seed. */
  initializeRandomly(seed: number): CoreResult<undefined>;
  /** The best classes; `crops`: 1, 2 (the middle and its mirror image), 5 or 10 as torchvision's ten_crop, averaged. */
  classify(
    picture: CorePicture,
    settings: CoreSettings,
    pick: CorePick & { readonly crops: number },
  ): CoreRun<CoreTopK[]>;
  /** Byte offset of float32 logits, a row for each image of a batch; valid until the next call. */
  logits(input: CoreInput, settings: CoreSettings): CoreRun<number>;
  /** Outputs of stages (relu, maxpool, layer1, layer3.1, avgpool), a block per image; valid until the next call. */
  features(input: CoreInput, settings: CoreSettings, stages: readonly string[]): CoreRun<CoreBlock[]>;
  /** The class activation map of the best class that `pick` allows. */
  explain(picture: CorePicture, settings: CoreSettings, pick: CorePick): CoreRun<CoreExplanation>;
  /** What the network would see, and as torch has it. */
  preprocess(picture: CorePicture, settings: CoreSettings, layout: 'nchw' | 'nhwc'): CoreRun<CoreCrop>;
  /** Another slice of what is pending, with the result of the call that began it. */
  proceed(): CoreRun<unknown>;
  /** Gives up what is pending, and frees its picture; the next call does, too. */
  cancel(): void;
  /** Further runs end in this head (copied), in float32; in the network's own after null. */
  setHead(head: CoreHead | null): CoreResult<undefined>;
  /** On how many threads pictures were fastest; 0 while that is watched, and where it is not. */
  fastestThreads(): number;
  delete(): void;
}

export interface CoreTopK {
  readonly index: number;
  readonly score: number;
}

/** What every module of the core has: memory. */
export interface CoreMemory {
  /** Views of the wasm memory; read them anew after every call that may allocate. */
  readonly HEAPU8: Uint8Array;
  readonly HEAPF32: Float32Array;
  /** Byte offset of a new block, aligned to 16; 0 when memory ran out. */
  allocate(bytes: number): number;
  release(pointer: number): void;
  /** Bytes of wasm memory in use by the module as a whole. */
  memoryBytes(): number;
}

/** The runtime module: one of the four flavours. */
export interface CoreModule extends CoreMemory {
  createSession(options: CoreNetworkOptions): CoreResult<CoreSession>;
  /** Whether the int8 kernels give what they must on fixed data, in the code that the engine has made of them so far. */
  kernelsCompute(): boolean;
}

export interface CoreOutput {
  /** Byte offset and length of a finished shard, valid until the next call on this converter. */
  readonly pointer: number;
  readonly bytes: number;
}
