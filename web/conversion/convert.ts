/**
 * `convert`: a checkpoint of the user's own becomes weights that `load` takes, in a worker.
 */
import { fault } from '../base/check.js';
import type { Transforms } from '../base/transforms.js';
import type { Connection } from '../protocol/connection.js';
import type { ConverterJobs } from '../protocol/conversion.js';
import { MANIFEST_FILE, type Manifest, type Precision } from '../weights/manifest.js';
import { findWeights } from '../weights/registry.js';
import { type ConvertOptions, checkConvertOptions, chosenTransforms, type FileInput } from './convert-options.js';
import { MAX_CHECKPOINT_BYTES, nameOf, openLate, readLabels } from './files.js';
import { categoriesOf, defaultCategories, parseCategories } from './labels.js';
import { evaluationOf, photosOf } from './photos.js';
import type { ConvertPlatform } from './platform.js';
import type { ConversionReport } from './report.js';
import { type ConversionInputs, runConversion } from './run.js';
import {
  CONVERSION_DEFAULTS,
  type ConversionSettings,
  metaOf,
  quantizationSettings,
  type Recognized,
} from './settings.js';

/** What `convert` made of a checkpoint. */
export interface ConvertedWeights {
  /** What manifest.json says. */
  manifest: Manifest;
  /** All files of the variant by name, manifest.json among them: what `load({ weights })` takes, or a folder may hold. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
  /** What was understood of the checkpoint. */
  recognized: Recognized;
  /** int8 beside float32 on the photos of `evaluate`. */
  report: ConversionReport;
}

/**
 * Converts on a platform.
 * @throws ResNet50Error; the signal's reason, at once
 */
export async function convertOn(
  platform: ConvertPlatform,
  checkpoint: FileInput,
  options: ConvertOptions,
): Promise<ConvertedWeights> {
  checkConvertOptions(options);
  const { signal } = options;
  signal?.throwIfAborted();
  const networks = options.evaluate === undefined ? 1 : 2;
  let connection: Connection<keyof ConverterJobs> | undefined;
  const inputs = inputsOf(platform, checkpoint, options, async () => {
    connection = await platform.connect({ threads: settings.threads, networks }, options, signal);
    return connection;
  });
  const settings = await settingsOf(platform, checkpoint, options);
  try {
    const { maxPixels } = platform.limits;
    const made = await runConversion(inputs, settings, { maxPixels, signal });
    const files = new Map([[MANIFEST_FILE, new TextEncoder().encode(made.json)], ...made.shards]);
    await connection?.close(); // its memory is needed for what comes next
    const { manifest, recognized, report } = made;
    return { manifest, files, recognized, report };
  } catch (error) {
    void connection?.close(); // it ends by itself: whoever aborts is not to wait for it
    throw error;
  }
}

/** A name for a variant by that of a file: 'my model.pth' -> 'my-model'. */
function nameFrom(file: string): string {
  const stem = file.replace(/(?:\.(?:pth|pt|ckpt|bin|safetensors|tar))+$/i, '');
  const plain = stem.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9_]+/, '');
  return plain.replaceAll('..', '.').slice(0, 100) || 'resnet50';
}

async function settingsOf(
  platform: ConvertPlatform,
  checkpoint: FileInput,
  options: ConvertOptions,
): Promise<ConversionSettings> {
  const { precision = 'int8', threads = 'auto', compress = 'gzip', signal } = options;
  const known = options.name === undefined ? undefined : findWeights(options.name);
  const name = known?.name ?? options.name ?? nameFrom(nameOf(checkpoint));
  const { calibrationImages = CONVERSION_DEFAULTS.calibrationImages, shardBytes = CONVERSION_DEFAULTS.shardBytes } =
    options;
  const path = platform.disk?.pathOf(checkpoint);
  const beside = async (): Promise<Transforms | undefined> =>
    path === undefined || typeof options.transforms === 'string' || known
      ? undefined
      : platform.disk?.transforms(path, options.transforms ?? {});
  const { stateDict, noHead = false, onProgress, onRecognized, onWarning, labels } = options;
  const precisions: Precision[] = precision === 'both' ? ['int8', 'f32'] : [precision];
  const transforms = chosenTransforms(options.transforms, known, await beside());
  const activation = options.activation ?? (path === undefined ? undefined : await platform.disk?.activation(path));
  signal?.throwIfAborted();
  return {
    ...{ name, stateDict, noHead, transforms, activation, precisions, calibrationImages, shardBytes },
    quantization: quantizationSettings(options),
    compress: compress === 'gzip',
    threads: threads === 'auto' ? platform.threads() : threads,
    meta: options.meta ?? (labels === undefined ? metaOf(name) : {}),
    ...(onProgress && { onProgress }),
    ...(onRecognized && { onRecognized }),
    ...(onWarning && { onWarning }),
  };
}

function inputsOf(
  platform: ConvertPlatform,
  checkpoint: FileInput,
  options: ConvertOptions,
  connect: ConversionInputs['connect'],
): ConversionInputs {
  const { labels, calibrate, evaluate, name, signal } = options;
  const limits = { ...platform.limits, maxBytes: MAX_CHECKPOINT_BYTES };
  // Now: what is in the caller's memory may change later.
  const opening = openLate(platform, checkpoint, nameOf(checkpoint), limits, signal);
  const names = Array.isArray(labels)
    ? undefined
    : labels !== undefined && openLate(platform, labels as FileInput, nameOf(labels as FileInput), limits, signal);
  return {
    checkpoint: async () => ({ name: nameOf(checkpoint), content: await opening() }),
    async categories(classes) {
      if (labels === undefined) return defaultCategories(classes, name);
      if (Array.isArray(labels)) return categoriesOf(labels, classes, (why) => fault('labels', why));
      return parseCategories(await readLabels(nameOf(labels as FileInput), names || undefined), classes);
    },
    labels: labels !== undefined,
    ...(calibrate !== undefined && { calibration: photosOf(platform, calibrate, signal) }),
    ...(evaluate !== undefined && { evaluation: evaluationOf(platform, evaluate, signal) }),
    connect,
  };
}
