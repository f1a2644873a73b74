/**
 * What users may ask of `convert`, and the check of it.
 */
import { ACTIVATIONS, type Activation } from '../base/activation.js';
import {
  ANY,
  BOOLEAN,
  checkOptions,
  FUNCTION,
  fault,
  isAddress,
  isCount,
  isNumber,
  oneOf,
  type Rule,
  type Rules,
  SIGNAL,
} from '../base/check.js';
import { mergeTransforms, type Transforms } from '../base/transforms.js';
import type { ImageInput } from '../client/inputs.js';
import { type Category, isVariantName } from '../weights/manifest.js';
import { ResNet50_Weights, type Weights } from '../weights/registry.js';
import type { ConvertProgress } from './phases.js';
import { type QuantizationChoices, RANGES, type Recognized } from './settings.js';

/** A file: its path (Node.js), its address, what a page has of it, or its bytes. */
export type FileInput = string | URL | Blob | Response | ArrayBuffer | ArrayBufferView;

/** A photo, and its class by index or name. */
export interface LabeledImage {
  image: ImageInput;
  label?: number | string;
}

/** Options of `convert`: those of the command of that name. */
export interface ConvertOptions extends QuantizationChoices {
  /** Name of the variant. Default: that of the file. */
  name?: string;
  /**
   * How pictures were prepared when the network was validated: 'V1' (resize 256, crop 224; most training scripts), 'V2'
   * (resize 232, crop 224; `IMAGENET1K_V2.transforms()`), or sizes and more. May be left out for names of the registry, and in
   * Node.js where a config lies beside the checkpoint.
   */
  transforms?: 'V1' | 'V2' | Partial<Transforms>;
  /** Names of the classes, or a file of them: one per line, JSON, or a map such as id2label. Default: ImageNet's for 1000. */
  labels?: FileInput | readonly (string | Category)[];
  /** What makes scores of logits. Default: 'softmax', or 'sigmoid' for one class. */
  activation?: Activation;
  /** Which network, if the checkpoint holds several. Default: the raw one; `onRecognized` tells the others. */
  stateDict?: string;
  /** Leaves the classifier out: for `embed` and `features`. Default false. */
  noHead?: boolean;
  /** Default 'int8'. */
  precision?: 'int8' | 'f32' | 'both';
  /** Photos that show typical input, or a folder of them (Node.js). Default: generated pictures. */
  calibrate?: string | readonly ImageInput[];
  /** How many of them. Default 64. */
  calibrationImages?: number;
  /**
   * Photos on which int8 is compared with float32, or a folder of labeled ones (Node.js): `report` tells. If all are labeled,
   * they are read as torchvision reads them, and the manifest tells the accuracy.
   */
  evaluate?: string | readonly (ImageInput | LabeledImage)[];
  /** Stores shards as gzip files where that helps. Default 'gzip'. */
  compress?: 'gzip' | 'none';
  /** Longest shard, bytes. Default 4 MiB. */
  shardBytes?: number;
  /** Default 'auto': all cores of Node.js, up to 8; in pages as `load` chooses. */
  threads?: number | 'auto';
  /** Facts for the manifest; `model.weights.meta` has them. */
  meta?: Record<string, unknown>;
  /** Called often. */
  onProgress?: (progress: ConvertProgress) => void;
  /** Called once, with what was understood of the checkpoint. */
  onRecognized?: (network: Recognized) => void;
  /** Called for photos that are left out. */
  onWarning?: (message: string) => void;
  /** Ends the work at once; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Folder of the package's wasm files (`dist/wasm/`), if they are not beside its modules (browsers). */
  wasmUrl?: string | URL;
  /** Folder of the package's `worker-*.js`, if they are not beside its modules (browsers). */
  workerUrl?: string | URL;
}

const TEXT: Rule = ['must be a text', (v) => typeof v === 'string'];
const ADDRESS: Rule = ['must be an address: a text or a URL', isAddress];
const PICTURES: Rule = [
  'must be a list of pictures (in Node.js also the path of a folder)',
  (v) => (typeof v === 'string' && v !== '') || (Array.isArray(v) && v.length > 0),
];
const within = (least: number, most: number): Rule => [
  `must be a number, ${least} to ${most}`,
  (v) => isNumber(v, least, most),
];
const count = (most: number): Rule => [`must be a whole number, 1 to ${most}`, (v) => isCount(v, most)];

const OPTIONS: Rules<ConvertOptions> = {
  name: ['must be a name of letters, digits, dots, hyphens and underscores', isVariantName],
  transforms: ANY,
  labels: ANY,
  activation: oneOf(...ACTIVATIONS),
  stateDict: TEXT,
  noHead: BOOLEAN,
  precision: oneOf('int8', 'f32', 'both'),
  calibrate: PICTURES,
  calibrationImages: count(100_000),
  evaluate: PICTURES,
  compress: oneOf('gzip', 'none'),
  shardBytes: ['must be a whole number, 65536 to 1073741824', (v) => isCount(v, 2 ** 30) && (v as number) >= 65_536],
  threads: ["must be 'auto' or a whole number, 1 to 64", (v) => v === 'auto' || isCount(v, 64)],
  meta: ['must be an object', (v) => typeof v === 'object' && v !== null],
  encoding: oneOf('plain', 'compact'),
  bits: within(1, 8),
  ranges: oneOf(...RANGES),
  matching: BOOLEAN,
  equalization: BOOLEAN,
  compensation: BOOLEAN,
  biasCorrection: BOOLEAN,
  damping: within(1e-6, 1),
  shrinkage: within(0, 100),
  rateWeight: within(0, 100),
  onProgress: FUNCTION,
  onRecognized: FUNCTION,
  onWarning: FUNCTION,
  signal: SIGNAL,
  wasmUrl: ADDRESS,
  workerUrl: ADDRESS,
};

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export function checkConvertOptions(options: ConvertOptions): void {
  checkOptions(options, OPTIONS);
  const { transforms, precision, evaluate } = options;
  if (typeof transforms === 'object') mergeTransforms(V1.transforms(), transforms);
  else if (transforms !== undefined && !(transforms in PRESETS)) throw fault('transforms', `must be ${MUST_SAY}`);
  if (evaluate !== undefined && precision === 'f32')
    throw fault('evaluate', "compares int8 with float32: it is for precision 'int8' or 'both'");
}

const V1 = ResNet50_Weights.IMAGENET1K_V1;
const PRESETS = { V1, V2: ResNet50_Weights.IMAGENET1K_V2 } as const;
const MUST_SAY =
  "'V1' (resize 256, crop 224; most training scripts), 'V2' (resize 232, crop 224; networks fine-tuned with IMAGENET1K_V2.transforms()), or sizes such as { resizeSize: 256, cropSize: 224 }";

/**
 * The preprocessing. Nothing is assumed: accuracy drops silently where it is wrong.
 * @param known the registry's entry of the variant's name
 * @param found what a config beside the checkpoint says of everything that `given` leaves out
 * @throws ResNet50Error INVALID_ARGUMENT
 */
export function chosenTransforms(
  given: ConvertOptions['transforms'],
  known: Weights | undefined,
  found?: Transforms,
): Transforms {
  if (typeof given === 'string') return PRESETS[given].transforms();
  if (known !== undefined) return known.transforms(given);
  if (found !== undefined) return mergeTransforms(found, given);
  const { resizeSize, cropSize } = given ?? {};
  if (resizeSize === undefined)
    throw fault('transforms', `must say how pictures were prepared when the network was validated: ${MUST_SAY}`);
  const base = V1.transforms();
  if (cropSize === undefined && resizeSize < base.cropSize)
    throw fault('transforms.cropSize', `must be given, at most ${resizeSize}: that is resizeSize`);
  return mergeTransforms(base, given);
}
