/**
 * What crosses to a converter's worker and back. Plain data.
 */
import type { Transforms } from '../base/transforms.js';
import type { CoreQuantization, CoreQuantizationOptions, CoreRecognized } from '../core/converter-types.js';
import type { Manifest, Precision } from '../weights/manifest.js';
import type { DecodeSettings, PreparedImage } from './image.js';

/** A checkpoint to open; it stays open until the next one, or until the converter ends. */
export interface CheckpointOpening {
  /** Base name of the file. */
  name: string;
  /** A Blob is read piece by piece: its bytes never lie in the worker as a whole. */
  content: Blob | Uint8Array<ArrayBuffer>;
  /** For photos. */
  transforms: Transforms;
  /** Key of one of several networks; empty: the first. */
  stateDict: string;
  /** Leaves the classifier out. */
  noHead: boolean;
}

/** How to start the converter module. */
export interface ConverterStart {
  /** Of each network. */
  threads: number;
  /** Two where int8 is compared with float32: browsers start no thread later on. */
  networks: 1 | 2;
  /** Address of the wasm file; null where the core's glue knows by itself (Node). */
  wasmFile: string | null;
}

/** The caller's own, and what each network adds to it. */
export const threadsOf = ({ threads, networks }: Pick<ConverterStart, 'threads' | 'networks'>): number =>
  1 + networks * (threads - 1);

/** What was understood of a checkpoint. */
export interface OpenedCheckpoint {
  recognized: CoreRecognized;
  /** 1, of zeros, where there is no classifier. */
  classes: number;
  parameters: number;
  /** Of the file: 64 lower-case hex digits. */
  sha256: string;
}

/** A photo, and how it is decoded. */
export interface ConverterPhoto {
  image: PreparedImage;
  decode: DecodeSettings;
}

/** Logits of one photo, and how long they took, milliseconds. */
export interface PhotoLogits {
  logits: Record<Precision, Float32Array<ArrayBuffer>>;
  milliseconds: Record<Precision, number>;
}

/** What a converter does, in this order. */
export interface ConverterJobs {
  'convert-start': { request: ConverterStart; result: null; progress: never };
  'convert-open': { request: CheckpointOpening; result: OpenedCheckpoint; progress: never };
  /** Adds a photo to the calibration pictures. */
  'convert-photo': { request: ConverterPhoto; result: null; progress: never };
  /** Adds the generated picture of this index. */
  'convert-generated': { request: number; result: null; progress: never };
  'convert-begin': { request: CoreQuantizationOptions; result: null; progress: never };
  /** A part of the quantization: the share that is done, and at 1 what came of it. */
  'convert-continue': { request: null; result: { share: number; quantization?: CoreQuantization }; progress: never };
  /** How many shards of a precision there will be. */
  'convert-plan': { request: { precision: Precision; shardBytes: number }; result: number; progress: never };
  /** A planned shard as it is stored; `decodedBytes` where it was compressed. */
  'convert-shard': {
    request: { index: number; precision: Precision; compress: boolean };
    result: { bytes: Uint8Array<ArrayBuffer>; sha256: string; decodedBytes?: number };
    progress: never;
  };
  /** Fills an int8 network with the shards that were planned, for comparisons. */
  'convert-network': { request: { ranges: Manifest['ranges']; shardBytes: number }; result: null; progress: never };
  /** Runs a photo through both networks. */
  'convert-compare': { request: ConverterPhoto; result: PhotoLogits; progress: never };
}
