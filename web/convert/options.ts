/**
 * What to convert, and how.
 */
import type { Activation } from '../base/activation.js';
import type { Transforms } from '../base/transforms.js';
import type { CoreQuantizationOptions, CoreRecognized } from '../core/converter-types.js';
import type { Precision } from '../weights/manifest.js';
import type { ConvertProgress } from './phases.js';

/** What was understood of a checkpoint. */
export type Recognized = CoreRecognized;

/** What to convert, and how. */
export interface ConvertOptions {
  /** Path of a .pth or .safetensors state dict. */
  checkpoint: string;
  /** Which of several networks in it: the key that is printed, or a part of it. */
  stateDict?: string | undefined;
  /** Converts the body alone, for `embed` and `features`. */
  noHead?: boolean;
  name: string;
  /** Folder to write; replaced as a whole if it holds a variant already. */
  out: string;
  transforms: Transforms;
  /** What makes scores of the logits. Default: softmax, or sigmoid for one class. */
  activation?: Activation | undefined;
  precisions: readonly Precision[];
  /** Path of a JSON or text file of class names; ImageNet's for 1000 classes, else 'class N'. */
  labels?: string | undefined;
  /** Folder of photos; generated pictures without. */
  calibrate?: string | undefined;
  calibrationImages: number;
  quantization: CoreQuantizationOptions;
  /** Stores shards as gzip files, where that makes them smaller by a few percent. */
  compress: boolean;
  /** Folder of labeled photos (labeled.ts) on which int8 is measured against f32; nothing is measured without. */
  evaluate?: string | undefined;
  shardBytes: number;
  threads: number;
  meta?: Record<string, unknown>;
  /** Called often. */
  onProgress?: (progress: ConvertProgress) => void;
  /** Called once, with what was understood of the checkpoint. */
  onRecognized?: (network: Recognized) => void;
  /** Called for photos that are left out. */
  onWarning?: (message: string) => void;
}
