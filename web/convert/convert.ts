/**
 * Checkpoint -> manifest and shards, by the converter module. The same input gives the same bytes: no dates, no paths,
 * no machine. Knows nothing of terminals.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { describe, ResNet50Error } from '../base/errors.js';
import { fileError, systemCode, writeError } from '../base/files.node.js';
import { copyIn, startCore, unwrap } from '../core/start.js';
import type {
  ConverterModule,
  CoreConverter,
  CoreImage,
  CoreQuantizationOptions,
  CoreResult,
  CoreTransforms,
} from '../core/types.js';
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
import { type Measures, measure } from '../weights/measures.js';
import { findWeights, IMAGENET_CATEGORIES } from '../weights/registry.js';
import { readLabelled } from './labelled.js';

/** What to convert, and how. */
export interface ConvertOptions {
  /** Path of a .pth or .safetensors state dict. */
  checkpoint: string;
  name: string;
  /** Folder to write; replaced as a whole if it holds a variant already. */
  out: string;
  transforms: CoreTransforms;
  precisions: readonly Precision[];
  /** Path of a JSON or text file of class names; ImageNet's for 1000 classes, else 'class N'. */
  labels?: string | undefined;
  /** Folder of photos; generated pictures without. */
  calibrate?: string | undefined;
  calibrationImages: number;
  quantization: CoreQuantizationOptions;
  /** Stores shards as gzip files, where that makes them smaller by a few percent. */
  compress: boolean;
  /** Folder of labelled photos (labelled.ts) on which int8 is measured against f32; nothing is measured without. */
  evaluate?: string | undefined;
  shardBytes: number;
  threads: number;
  meta?: Record<string, unknown>;
  /** Called often; `fraction` 0..1 of the step. */
  onProgress?: (step: string, fraction: number) => void;
  /** Called for photos that are left out. */
  onWarning?: (message: string) => void;
}

const PHOTO = /\.(?:jpe?g|png|bmp)$/i;

/** Converts; resolves to the manifest that was written. */
export async function convert(options: ConvertOptions): Promise<Manifest> {
  const progress = options.onProgress ?? (() => undefined);
  progress('reading the checkpoint', 0);
  const bytes = await readFile(options.checkpoint).catch((error) => {
    throw fileError(options.checkpoint, error);
  });
  const source = { file: basename(options.checkpoint), sha256: hash(bytes) };
  const core = await loadConverter(options.threads);
  const converter = openCheckpoint(core, bytes, source.file, options);
  try {
    const categories = await readCategories(options.labels, converter.classes, options.name);
    const int8 = options.precisions.includes('int8');
    const calibration = int8 ? await calibrate(core, converter, options) : { images: 0, kind: 'none' as const };
    const quantized = int8 ? quantize(converter, options) : undefined;
    const files = new Map<string, Uint8Array>();
    const precisions: Manifest['precisions'] = {};
    for (const precision of options.precisions) {
      precisions[precision] = { shards: makeShards(core, converter, precision, options, files) };
    }
    if (quantized !== undefined && options.evaluate !== undefined) {
      quantized.facts.measured = await evaluate(core, converter, quantized.ranges, options, options.evaluate);
    }
    const manifest: Manifest = {
      ...{ format: MANIFEST_FORMAT, version: MANIFEST_VERSION, name: options.name, meta: options.meta ?? {} },
      ...{ transforms: options.transforms, parameters: converter.parameters, precisions },
      ranges: quantized?.ranges ?? {},
      ...{ calibration, source },
      ...(quantized ? { quantization: quantized.facts } : {}),
      ...{ converter: __VERSION__, categories },
    };
    const json = formatManifest(manifest);
    parseManifest(json, MANIFEST_FILE); // what we would refuse to read must not be written
    files.set(MANIFEST_FILE, new TextEncoder().encode(json));
    await replaceFolder(resolve(options.out), files);
    return manifest;
  } finally {
    converter.delete();
  }
}

async function loadConverter(threads: number): Promise<ConverterModule> {
  try {
    const { default: factory } = await import('./wasm/resnet50-convert.mjs');
    return (await startCore(factory, { threads, wasmFile: null, wasmModule: null })) as ConverterModule;
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
    const { transforms, threads } = options;
    return unwrap(core.openCheckpoint(pointer, bytes.length, name, { transforms, threads }), name);
  } finally {
    core.release(pointer);
  }
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A JSON list of names or of { wnid, label }, or a text with a name a line; without, those of the variant or ImageNet's. */
export async function readCategories(path: string | undefined, classes: number, name = ''): Promise<Category[]> {
  if (path === undefined) {
    if (classes === IMAGENET_CATEGORIES.length) return [...IMAGENET_CATEGORIES];
    const known = findWeights(name)?.meta.categories ?? [];
    if (classes === known.length) return known.map((label) => ({ label }));
    return Array.from({ length: classes }, (_, i) => ({ label: `class ${i}` }));
  }
  const fault = (why: string) => new ResNet50Error('INVALID_ARGUMENT', `${path} ${why}`, { subject: path });
  const content = await readFile(path, 'utf8').catch((error) => {
    throw fileError(path, error);
  });
  const entries =
    extname(path) === '.json' ? parseLabels(content, fault) : content.replace(/\r?\n$/, '').split(/\r?\n/);
  const categories = entries.map((entry): Category => {
    if (typeof entry === 'string' && entry.trim() !== '') return { label: entry.trim() };
    const { wnid, label } = (entry ?? {}) as Record<string, unknown>;
    if (typeof label === 'string' && label !== '') return typeof wnid === 'string' ? { wnid, label } : { label };
    throw fault('must hold a name for each class');
  });
  if (categories.length !== classes)
    throw fault(`has ${categories.length} names, but the checkpoint has ${classes} classes`);
  return categories;
}

function parseLabels(content: string, fault: (why: string) => Error): unknown[] {
  try {
    const value: unknown = JSON.parse(content);
    if (Array.isArray(value)) return value;
  } catch {
    throw fault('is not valid JSON');
  }
  throw fault('must hold a JSON list of names');
}

async function calibrate(
  core: ConverterModule,
  converter: CoreConverter,
  options: ConvertOptions,
): Promise<Manifest['calibration']> {
  const progress = options.onProgress ?? (() => undefined);
  const wanted = options.calibrationImages;
  if (options.calibrate === undefined) {
    for (let i = 0; i < wanted; i++) {
      unwrap(converter.calibrateGenerated(i));
      progress('calibrating', (i + 1) / wanted);
    }
    return { images: wanted, kind: 'generated' };
  }
  const photos = spread(await listPhotos(options.calibrate), wanted);
  let used = 0;
  for (const [i, path] of photos.entries()) {
    try {
      calibrateWith(core, converter, await readFile(path), basename(path));
      used++;
    } catch (error) {
      if (!(error instanceof ResNet50Error)) throw error;
      options.onWarning?.(`left out of calibration: ${error.message}`);
    }
    progress('calibrating', (i + 1) / photos.length);
  }
  if (used === 0) {
    throw new ResNet50Error(
      'INVALID_ARGUMENT',
      `${options.calibrate} holds no photo that could be read (JPEG, PNG, BMP)`,
      {
        subject: options.calibrate,
      },
    );
  }
  return { images: used, kind: 'photos' };
}

function calibrateWith(core: ConverterModule, converter: CoreConverter, bytes: Uint8Array, name: string): void {
  withImage(core, bytes, name, true, (image) => unwrap(converter.calibrate(image), name));
}

/** Decodes a photo, works on it and frees it. */
function withImage<T>(
  core: ConverterModule,
  bytes: Uint8Array,
  name: string,
  applyOrientation: boolean,
  work: (image: CoreImage) => T,
): T {
  const pointer = copyIn(core, bytes, name);
  try {
    const decode = { maxPixels: 268_402_689, applyOrientation, background: null };
    const image = unwrap(core.decodeImage(pointer, bytes.length, decode), name);
    try {
      return work(image);
    } finally {
      image.delete();
    }
  } finally {
    core.release(pointer);
  }
}

/** Quantizes on the calibration images that the converter has. */
function quantize(
  converter: CoreConverter,
  options: ConvertOptions,
): { facts: QuantizationFacts; ranges: Manifest['ranges'] } {
  const { quantization } = options;
  unwrap(converter.beginQuantization(quantization), 'quantization');
  for (let done = 0; done < 1; ) {
    done = unwrap(converter.continueQuantization(), 'quantization');
    options.onProgress?.('quantizing', done);
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

/** Runs the int8 network that was made and the f32 one on labelled photos, as torchvision would see them. */
async function evaluate(
  core: ConverterModule,
  converter: CoreConverter,
  ranges: Manifest['ranges'],
  options: ConvertOptions,
  folder: string,
): Promise<{ int8: Measures; f32: Measures }> {
  const photos = await readLabelled(folder, converter.classes);
  const { classes } = converter;
  const { threads, transforms } = options;
  const network = unwrap(
    core.createNetwork({ classes, precision: 'int8', activationBits: 7, threads, ranges }),
    'int8',
  );
  try {
    const count = unwrap(converter.planShards('int8', options.shardBytes), 'int8');
    for (let i = 0; i < count; i++) {
      const { pointer, bytes } = unwrap(converter.shard(i), 'int8');
      unwrap(network.loadShard(pointer, bytes, `shard ${i}`), 'int8');
    }
    const rows: { int8: Float32Array[]; f32: Float32Array[] } = { int8: [], f32: [] };
    for (const [i, { path }] of photos.entries()) {
      const bytes = await readFile(path).catch((error) => {
        throw fileError(path, error);
      });
      const take = (offset: CoreResult<number>): Float32Array => {
        const first = unwrap(offset, path) / 4;
        return core.HEAPF32.slice(first, first + classes);
      };
      withImage(core, bytes, path, false, (image) => {
        rows.f32.push(take(converter.runFloat(image)));
        rows.int8.push(take(network.run(image, transforms, 1)));
      });
      options.onProgress?.('evaluating', (i + 1) / photos.length);
    }
    const labels = photos.map(({ label }) => label);
    return { int8: measure(rows.int8, labels, rows.f32), f32: measure(rows.f32, labels) };
  } finally {
    network.delete();
  }
}

/** Photos below a folder, in an order that no file system decides. */
async function listPhotos(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((error) => {
    throw fileError(folder, error);
  });
  const files = entries.filter((e) => !e.isDirectory() && PHOTO.test(e.name)).map((e) => join(e.parentPath, e.name));
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/** At most `count` of the items, evenly spread. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}

function makeShards(
  core: ConverterModule,
  converter: CoreConverter,
  precision: Precision,
  options: ConvertOptions,
  files: Map<string, Uint8Array>,
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
    options.onProgress?.(`writing ${precision} shards`, (i + 1) / count);
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

/**
 * Puts a folder with these files in place of `out`, which may be absent, empty or a variant of ours, and stays where that
 * fails.
 * @throws ResNet50Error CANNOT_WRITE
 */
async function replaceFolder(out: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const old = await readdir(out).catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(out, error);
  });
  const foreign = old?.find(
    (name) => name !== MANIFEST_FILE && !/^resnet50-(?:int8|f32)-\d+(?:\.gzip)?\.safetensors(?:\.gz)?$/.test(name),
  );
  if (foreign !== undefined) {
    throw new ResNet50Error(
      'INVALID_ARGUMENT',
      `${out} holds other files (${foreign}): give a folder of its own with --out`,
      {
        subject: out,
      },
    );
  }
  const staging = join(dirname(out), `.${basename(out)}.${process.pid}.new`);
  const outgoing = join(dirname(out), `.${basename(out)}.${process.pid}.old`);
  try {
    await mkdir(staging, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(staging, name), bytes);
    if (old !== undefined) await rename(out, outgoing);
    await rename(staging, out).catch(async (error) => {
      if (old !== undefined) await rename(outgoing, out);
      throw error;
    });
  } catch (error) {
    throw writeError(out, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
    await rm(outgoing, { recursive: true, force: true });
  }
}
