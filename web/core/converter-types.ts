/**
 * The converter module of the compiled core (src/bindings), as TypeScript sees it.
 */
import type { Transforms } from '../base/transforms.js';
import type { CoreModule, CoreOutput, CorePicture, CorePictureSettings, CoreResult } from './types.js';

export interface CoreConvertOptions {
  /** Transforms for calibration photos. */
  transforms: Transforms;
  threads: number;
  /** Key of one of several networks; empty: the first. */
  stateDict: string;
  /** Leaves the classifier out. */
  noHead: boolean;
}

/** What was understood of a checkpoint (src/checkpoint/resnet.h). */
export interface CoreRecognized {
  /** Whose names the tensors have. */
  readonly naming: string;
  /** Before the names of the body, with '.' at its end, or empty. */
  readonly prefix: string;
  /** Module of the classifier; null where there is none. */
  readonly head: string | null;
  /** Module of a batch norm that was folded into it, or empty. */
  readonly headNorm: string;
  /** The network's key among others in the file, and the keys of those; '.' is the root. */
  readonly key: string;
  readonly others: readonly string[];
  /** Modules beside the network. */
  readonly leftOut: readonly string[];
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
  /** 1, of zeros, where there is no classifier. */
  readonly classes: number;
  readonly recognized: CoreRecognized;
  /** Parameters counted as torchvision counts them (batch-norm weights and biases in, running statistics out). */
  readonly parameters: number;
  /** Adds a photo to the calibration images. */
  calibrate(picture: CorePicture, settings: CorePictureSettings): CoreResult<undefined>;
  /** Adds the i-th generated picture (deterministic). */
  calibrateGenerated(index: number): CoreResult<undefined>;
  /** Begins int8 quantization on the calibration images so far. */
  beginQuantization(options: CoreQuantizationOptions): CoreResult<undefined>;
  /** Does a part of it; the share that is done, 1 when all is. */
  continueQuantization(): CoreResult<number>;
  /** What came of it; undefined before all is done. */
  quantization(): CoreQuantization | undefined;
  /** Byte offset of the f32 network's logits for a photo, valid until the next call on this converter. */
  runFloat(picture: CorePicture, settings: CorePictureSettings): CoreResult<number>;
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
