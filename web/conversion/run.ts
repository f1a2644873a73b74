/**
 * Checkpoint -> manifest and shards, by a converter behind a connection: in a worker, or in the caller's thread. The same
 * input gives the same bytes: no dates, no paths, no machine.
 */
import { type Activation, activationFor } from '../base/activation.js';
import { check, fault } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import type { CoreQuantization } from '../core/converter-types.js';
import type { Connection } from '../protocol/connection.js';
import type { CheckpointOpening, ConverterJobs, OpenedCheckpoint } from '../protocol/conversion.js';
import type { JobName, Jobs, PreparedImage } from '../protocol/messages.js';
import {
  type Category,
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
import { atShare, Phases } from './phases.js';
import { type ConversionReport, LabeledRows, photoReport } from './report.js';
import type { ConversionSettings } from './settings.js';

/** A photo that is read when it is its turn. */
export interface Photo {
  name: string;
  read(): Promise<PreparedImage>;
}

/** Photos for a comparison, and sentences on what was left out. */
export interface Evaluation {
  photos: readonly (Photo & { label?: number | undefined })[];
  notes: readonly string[];
  /** Where they are from, for messages. */
  from: string;
}

/** Where everything comes from; each is asked for when it is needed. */
export interface ConversionInputs {
  checkpoint(): Promise<Pick<CheckpointOpening, 'name' | 'content'>>;
  /** Names for so many classes. */
  categories(classes: number): Promise<Category[]>;
  /** Whether names were given: those without classes refuse some. */
  labels: boolean;
  /** Photos to find ranges with; generated pictures without. */
  calibration?: (() => Promise<{ photos: readonly Photo[]; from: string }>) | undefined;
  evaluation?: ((categories: readonly Category[]) => Promise<Evaluation>) | undefined;
  /** A converter whose core has started. */
  connect(): Promise<Connection<keyof ConverterJobs>>;
}

/** What came of it. */
export interface Converted {
  manifest: Manifest;
  /** The manifest's text. */
  json: string;
  /** Shards by the names that the manifest gives them. */
  shards: Map<string, Uint8Array<ArrayBuffer>>;
  recognized: OpenedCheckpoint['recognized'];
  report: ConversionReport;
}

type Call = <N extends JobName & keyof ConverterJobs>(
  job: N,
  request: Jobs[N]['request'],
) => Promise<Jobs[N]['result']>;

/** A conversion on its way. */
interface Work {
  call: Call;
  settings: ConversionSettings;
  inputs: ConversionInputs;
  phases: Phases;
  maxPixels: number;
}

/**
 * Converts.
 * @param maxPixels of a photo
 * @throws ResNet50Error; the signal's reason
 */
export async function runConversion(
  inputs: ConversionInputs,
  settings: ConversionSettings,
  { maxPixels, signal }: { maxPixels: number; signal?: AbortSignal | undefined },
): Promise<Converted> {
  const phases = phasesOf(settings, inputs);
  phases.at('read', 0, 1);
  const { checkpoint, opened, call } = await open(inputs, settings, signal);
  const work: Work = { call, settings, inputs, phases, maxPixels };
  phases.at('read', 1, 1);
  const { recognized, classes } = opened;
  settings.onRecognized?.(recognized);
  const headless = recognized.head === null;
  if (headless) checkHeadless(inputs);
  const categories = headless ? [{ label: 'no classifier' }] : await inputs.categories(classes);
  const activation = activationFor(settings.activation, categories.length);
  const int8 = settings.precisions.includes('int8');
  const calibration = int8 ? await calibrate(work) : { images: 0, kind: 'none' as const };
  const quantized = int8 ? await quantize(work, calibration.images) : undefined;
  const shards: Converted['shards'] = new Map();
  const precisions: Manifest['precisions'] = {};
  for (const precision of settings.precisions) precisions[precision] = { shards: await write(work, precision, shards) };
  const report = quantized && (await compare(work, quantized.ranges, categories, activation));
  if (quantized && report?.measured) quantized.facts.measured = report.measured;
  const manifest: Manifest = {
    ...{ format: MANIFEST_FORMAT, version: MANIFEST_VERSION, name: settings.name, meta: settings.meta ?? {} },
    ...{ transforms: settings.transforms, parameters: opened.parameters, precisions, activation },
    ranges: quantized?.ranges ?? {},
    ...{ calibration, source: { file: checkpoint, sha256: opened.sha256 } },
    ...(headless ? { head: 'none' as const } : {}),
    ...(quantized ? { quantization: quantized.facts } : {}),
    ...{ converter: __VERSION__, categories },
  };
  const json = formatManifest(manifest);
  parseManifest(json, MANIFEST_FILE); // what we would refuse to read must not be written
  return { manifest, json, shards, recognized, report: report ?? { photos: [], agreement: null } };
}

async function open(inputs: ConversionInputs, settings: ConversionSettings, signal: AbortSignal | undefined) {
  const { name, content } = await inputs.checkpoint();
  signal?.throwIfAborted();
  const connection = await inputs.connect();
  const call: Call = (job, request) => connection.call(job, request, { signal, transfer: buffersOf(request) });
  const { transforms, stateDict = '', noHead = false } = settings;
  const opened = await call('convert-open', { name, content, transforms, stateDict, noHead });
  return { checkpoint: name, opened, call };
}

/** Of the bytes and pictures in a request, which nobody needs any more. */
function buffersOf(request: unknown): Transferable[] {
  const { content, image } = (request ?? {}) as { content?: unknown; image?: PreparedImage };
  if (ArrayBuffer.isView(content)) return [content.buffer as ArrayBuffer];
  if (image === undefined) return [];
  return [image.kind === 'bitmap' ? image.bitmap : image.kind === 'bytes' ? image.bytes.buffer : image.data.buffer];
}

function phasesOf(settings: ConversionSettings, { calibration, evaluation }: ConversionInputs): Phases {
  const { precisions, calibrationImages: images, quantization } = settings;
  const { matchBatchNorm, compensate } = quantization;
  const [generated, evaluate] = [calibration === undefined, evaluation !== undefined];
  const work = { precisions, images, generated, matchBatchNorm, evaluate, nearest: !compensate };
  return new Phases(work, (progress) => settings.onProgress?.(progress));
}

/** @throws ResNet50Error INVALID_ARGUMENT for options that only a classifier has a use for */
function checkHeadless({ labels, evaluation }: ConversionInputs): void {
  check(!labels && evaluation === undefined, labels ? 'labels' : 'evaluate', NO_CLASSIFIER);
}
const NO_CLASSIFIER = 'has no use here: the checkpoint has no classifier';

/** Does something with a photo, or says why it is left out. */
async function orLeftOut(of: string, settings: ConversionSettings, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    if (!(error instanceof ResNet50Error) || error.code === 'CORE_CRASHED' || error.code === 'DISPOSED') throw error;
    settings.onWarning?.(`left out of ${of}: ${error.message}`);
  }
}

const NOTHING_READABLE = 'holds no photo that could be read (JPEG, PNG, BMP)';

/** Shows the converter the pictures that ranges are found with: photos, or generated ones. */
async function calibrate({ call, settings, inputs, phases, maxPixels }: Work): Promise<Manifest['calibration']> {
  if (inputs.calibration === undefined) {
    const images = settings.calibrationImages;
    for (let i = 0; i < images; i++) {
      await call('convert-generated', i);
      phases.at('calibrate', i + 1, images);
    }
    return { images, kind: 'generated' };
  }
  const { photos: all, from } = await inputs.calibration();
  const photos = spread(all, settings.calibrationImages);
  const decode = { maxPixels, applyOrientation: true, background: null };
  let used = 0;
  for (const [i, photo] of photos.entries()) {
    await orLeftOut('calibration', settings, async () => {
      await call('convert-photo', { image: await photo.read(), decode });
      used++;
    });
    phases.at('calibrate', i + 1, photos.length);
  }
  if (used === 0) throw fault(from, NOTHING_READABLE);
  return { images: used, kind: 'photos' };
}

/** At most `count` of the items, evenly spread. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}

/** Quantizes on the calibration images that the converter has. */
async function quantize(
  { call, settings, inputs, phases }: Work,
  images: number,
): Promise<{ facts: QuantizationFacts; ranges: Manifest['ranges'] }> {
  const { quantization } = settings;
  await call('convert-begin', quantization);
  phases.at('match', 0, 1);
  let result: CoreQuantization | undefined;
  while (result === undefined) {
    const { share, quantization: done } = await call('convert-continue', null);
    atShare(phases, share, images);
    result = done;
  }
  const facts: QuantizationFacts = {
    encoding: quantization.compactBits > 0 ? 'compact' : 'plain',
    rounding: quantization.compensate ? 'compensated' : 'nearest',
    ranges: quantization.ranges,
    equalized: quantization.equalize && !result.repeatsVectors,
    biasCorrected: quantization.correctBias,
    ...(inputs.calibration === undefined && quantization.matchBatchNorm ? { batchNormMatched: true as const } : {}),
    repeatsVectors: result.repeatsVectors,
    layers: Object.fromEntries(result.layers.map((l) => [l.name, Number(l.signalToNoise.toFixed(2))])),
  };
  return { facts, ranges: result.ranges };
}

async function write(
  { call, settings, phases }: Work,
  precision: Precision,
  files: Converted['shards'],
): Promise<Shard[]> {
  const { shardBytes, compress } = settings;
  const count = await call('convert-plan', { precision, shardBytes });
  const digits = Math.max(2, String(count - 1).length);
  const shards: Shard[] = [];
  for (let i = 0; i < count; i++) {
    const { bytes, sha256, decodedBytes } = await call('convert-shard', { index: i, precision, compress });
    // Not '.gz' at the end: servers take that for a Content-Encoding, and browsers would hand on decoded bytes.
    const ending = decodedBytes === undefined ? '.safetensors' : '.gzip.safetensors';
    const file = `resnet50-${precision}-${String(i).padStart(digits, '0')}${ending}`;
    files.set(file, bytes);
    const shard: Shard = { file, bytes: bytes.length, sha256 };
    shards.push(decodedBytes === undefined ? shard : { ...shard, encoding: 'gzip', decodedBytes });
    phases.at(`write-${precision}`, i + 1, count);
  }
  return shards;
}

/** Runs the int8 network that was made and the f32 one on photos: labeled ones as torchvision sees them. */
async function compare(
  { call, settings, inputs, phases, maxPixels }: Work,
  ranges: Manifest['ranges'],
  categories: readonly Category[],
  activation: Activation,
): Promise<ConversionReport | undefined> {
  if (inputs.evaluation === undefined) return undefined;
  const { photos, notes, from } = await inputs.evaluation(categories);
  for (const note of notes) settings.onWarning?.(`${from}: ${note}`);
  await call('convert-network', { ranges, shardBytes: settings.shardBytes });
  const labeled = photos.every(({ label }) => label !== undefined);
  const decode = { maxPixels, applyOrientation: !labeled, background: null };
  const rows = new LabeledRows();
  const reports: ConversionReport['photos'] = [];
  for (const [i, { name, label, read }] of photos.entries()) {
    await orLeftOut('the evaluation', settings, async () => {
      const logits = await call('convert-compare', { image: await read(), decode });
      if (labeled && label !== undefined) rows.add(logits, label);
      reports.push(photoReport({ name, label }, logits, categories, activation));
    });
    phases.at('evaluate', i + 1, photos.length);
  }
  if (reports.length === 0) throw fault(from, NOTHING_READABLE);
  const agreement = reports.filter(({ agrees }) => agrees).length / reports.length;
  return { photos: reports, agreement, measured: rows.measure() };
}
