/**
 * Checkpoint -> manifest and shards, by the converter module. The same input gives the same bytes: no dates, no paths,
 * no machine.
 */
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { activationFor } from '../base/activation.js';
import { check } from '../base/check.js';
import { describe, ResNet50Error } from '../base/errors.js';
import { decodeText } from '../base/files.node.js';
import { readBytes } from '../base/read.node.js';
import type { ConverterModule, CoreConverter } from '../core/converter-types.js';
import { copyIn, startCore, unwrap } from '../core/start.js';
import type { CoreResult } from '../core/types.js';
import {
  formatManifest,
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Manifest,
  type Precision,
  parseManifest,
  type QuantizationFacts,
  type Shard,
} from '../weights/manifest.js';
import { calibrate } from './calibrate.js';
import { evaluate } from './evaluate.js';
import { readCategories } from './labels.js';
import type { ConvertOptions } from './options.js';
import { atShare, Phases } from './phases.js';
import { checkVariantFolder, replaceVariant } from './replace-folder.js';

/** Ten times a state dict in float32. */
const MAX_CHECKPOINT_BYTES = 2 ** 30;

function notAStateDict(path: string, maxBytes: number): never {
  const message = `${path} has more than ${maxBytes} bytes: save the state dict of the ResNet-50 alone`;
  throw new ResNet50Error('CHECKPOINT_FORMAT', message, { subject: path });
}

/** Hugging Face's libraries write such a list beside the parts of a checkpoint. */
const isIndex = (bytes: Uint8Array): boolean =>
  /^\s*\{/.test(decodeText(bytes.subarray(0, 64))) &&
  decodeText(bytes.subarray(0, MAX_INDEX_BYTES)).includes('"weight_map"');
const MAX_INDEX_BYTES = 2 ** 20;

/** @throws ResNet50Error CHECKPOINT_FORMAT for the index of a checkpoint that lies in parts */
function checkIsWhole(bytes: Uint8Array, path: string): void {
  if (!isIndex(bytes)) return;
  const message = `${path} only lists the parts that a checkpoint was cut into: load the model in Python and save it in one file (model.save_pretrained(folder, max_shard_size='2GB')), or give the one part that holds all of it`;
  throw new ResNet50Error('CHECKPOINT_FORMAT', message, { subject: path });
}

/** Converts; resolves to the manifest that was written. */
export async function convert(options: ConvertOptions): Promise<Manifest> {
  const phases = phasesOf(options);
  phases.at('read', 0, 1);
  const out = resolve(options.out);
  await checkVariantFolder(out);
  const bytes = await readBytes(options.checkpoint, { maxBytes: MAX_CHECKPOINT_BYTES, tooLong: notAStateDict });
  const source = { file: basename(options.checkpoint), sha256: hash(bytes) };
  checkIsWhole(bytes, options.checkpoint);
  const core = await loadConverter(options.threads);
  const converter = openCheckpoint(core, bytes, source.file, options);
  try {
    phases.at('read', 1, 1);
    options.onRecognized?.(converter.recognized);
    const headless = converter.recognized.head === null;
    if (headless) checkHeadless(options);
    const categories = headless
      ? [{ label: 'no classifier' }]
      : await readCategories(options.labels, converter.classes, options.name);
    const int8 = options.precisions.includes('int8');
    const calibration = int8 ? await calibrate(core, converter, options, phases) : { images: 0, kind: 'none' as const };
    const quantized = int8 ? quantize(converter, options, calibration.images, phases) : undefined;
    const files = new Map<string, Uint8Array>();
    const precisions: Manifest['precisions'] = {};
    for (const precision of options.precisions) {
      precisions[precision] = { shards: makeShards(core, converter, precision, options, files, phases) };
    }
    if (quantized !== undefined && options.evaluate !== undefined) {
      const { ranges, facts } = quantized;
      facts.measured = await evaluate(core, converter, ranges, options, options.evaluate, categories, phases);
    }
    const manifest: Manifest = {
      ...{ format: MANIFEST_FORMAT, version: MANIFEST_VERSION, name: options.name, meta: options.meta ?? {} },
      ...{ transforms: options.transforms, parameters: converter.parameters, precisions },
      activation: activationFor(options.activation, categories.length),
      ranges: quantized?.ranges ?? {},
      ...{ calibration, source },
      ...(headless ? { head: 'none' as const } : {}),
      ...(quantized ? { quantization: quantized.facts } : {}),
      ...{ converter: __VERSION__, categories },
    };
    const json = formatManifest(manifest);
    parseManifest(json, MANIFEST_FILE); // what we would refuse to read must not be written
    await replaceVariant(out, manifest, files, json);
    return manifest;
  } finally {
    converter.delete();
  }
}

function phasesOf(options: ConvertOptions): Phases {
  const { precisions, calibrationImages: images, calibrate: photos, evaluate: folder, quantization } = options;
  const { matchBatchNorm } = quantization;
  const work = { precisions, images, generated: photos === undefined, matchBatchNorm, evaluate: folder !== undefined };
  return new Phases(work, (progress) => options.onProgress?.(progress));
}

/** @throws ResNet50Error INVALID_ARGUMENT for options that only a classifier has a use for */
function checkHeadless({ labels, evaluate: folder }: ConvertOptions): void {
  const named = labels === undefined ? 'evaluate' : 'labels';
  check(labels === undefined && folder === undefined, named, 'has no use here: the checkpoint has no classifier');
}

async function loadConverter(threads: number): Promise<ConverterModule> {
  try {
    const { default: factory } = await import('./wasm/resnet50-convert.mjs');
    return await startCore<ConverterModule>(factory, { threads, wasmFile: null, wasmModule: null });
  } catch (cause) {
    throw new ResNet50Error('CORE_LOAD_FAILED', `the converter could not be started: ${describe(cause)}`, {
      subject: 'resnet50-convert.wasm',
      cause,
    });
  }
}

function openCheckpoint(
  core: ConverterModule,
  bytes: Uint8Array,
  name: string,
  options: ConvertOptions,
): CoreConverter {
  const pointer = copyIn(core, bytes, name);
  try {
    const { transforms, threads, stateDict = '', noHead = false } = options;
    return unwrap(core.openCheckpoint(pointer, bytes.length, name, { transforms, threads, stateDict, noHead }), name);
  } finally {
    core.release(pointer);
  }
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Quantizes on the calibration images that the converter has. */
function quantize(
  converter: CoreConverter,
  options: ConvertOptions,
  images: number,
  phases: Phases,
): { facts: QuantizationFacts; ranges: Manifest['ranges'] } {
  const { quantization } = options;
  unwrap(converter.beginQuantization(quantization), 'quantization');
  phases.at('match', 0, 1);
  for (let done = 0; done < 1; ) {
    done = unwrap(converter.continueQuantization(), 'quantization');
    atShare(phases, done, images);
  }
  const result = converter.quantization();
  if (result === undefined) throw new ResNet50Error('NOT_READY', 'quantization did not end');
  const facts: QuantizationFacts = {
    encoding: quantization.compactBits > 0 ? 'compact' : 'plain',
    rounding: quantization.compensate ? 'compensated' : 'nearest',
    ranges: quantization.ranges,
    equalized: quantization.equalize && !result.repeatsVectors,
    biasCorrected: quantization.correctBias,
    ...(options.calibrate === undefined && quantization.matchBatchNorm ? { batchNormMatched: true as const } : {}),
    repeatsVectors: result.repeatsVectors,
    layers: Object.fromEntries(result.layers.map((l) => [l.name, Number(l.signalToNoise.toFixed(2))])),
  };
  return { facts, ranges: result.ranges };
}

function makeShards(
  core: ConverterModule,
  converter: CoreConverter,
  precision: Precision,
  options: ConvertOptions,
  files: Map<string, Uint8Array>,
  phases: Phases,
): Shard[] {
  const count = unwrap(converter.planShards(precision, options.shardBytes), precision);
  const digits = Math.max(2, String(count - 1).length);
  return Array.from({ length: count }, (_, i) => {
    const plain = copyOut(core, converter.shard(i), precision);
    const packed = options.compress ? copyOut(core, converter.compressedShard(), precision) : plain;
    const worthIt = packed.length < plain.length * WORTHWHILE[precision];
    const content = worthIt ? packed : plain;
    // Not '.gz' at the end: servers take that for a Content-Encoding, and browsers would hand on decoded bytes.
    const file = `resnet50-${precision}-${String(i).padStart(digits, '0')}${worthIt ? '.gzip' : ''}.safetensors`;
    files.set(file, content);
    phases.at(`write-${precision}`, i + 1, count);
    const shard: Shard = { file, bytes: content.length, sha256: hash(content) };
    return worthIt ? { ...shard, encoding: 'gzip', decodedBytes: plain.length } : shard;
  });
}

/** Compressed length over plain length below which a shard is stored compressed: decoding takes time too. */
const WORTHWHILE: Readonly<Record<Precision, number>> = { int8: 0.97, f32: 0.75 };

/** A copy of an output, out of wasm memory. */
function copyOut(
  core: ConverterModule,
  output: CoreResult<{ pointer: number; bytes: number }>,
  subject: string,
): Uint8Array {
  const { pointer, bytes } = unwrap(output, subject);
  return new Uint8Array(core.HEAPU8.subarray(pointer, pointer + bytes));
}
