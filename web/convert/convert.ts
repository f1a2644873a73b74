/**
 * A checkpoint on this machine's disk -> a folder with manifest and shards, in the caller's own thread.
 */
import { basename, resolve } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import { readBytes } from '../base/read.node.js';
import { runConversion } from '../conversion/run.js';
import { checkIsWhole } from '../host/converter/checkpoint-index.js';
import { ConverterHost } from '../host/converter/converter-host.js';
import { converterRealm } from '../node/converter-realm.js';
import { Connection } from '../protocol/connection.js';
import type { ConverterJobs } from '../protocol/conversion.js';
import { localPort } from '../protocol/local-port.js';
import type { Manifest } from '../weights/manifest.js';
import { readCategories } from './labels.js';
import type { ConvertOptions } from './options.js';
import { labeledPhotos, photosBelow } from './photos.js';
import { checkVariantFolder, replaceVariant } from './replace-folder.js';

/** Ten times a state dict in float32. */
const MAX_CHECKPOINT_BYTES = 2 ** 30;
/** As `load` has it in Node.js. */
const MAX_PIXELS = 268_402_689;

function notAStateDict(path: string, maxBytes: number): never {
  const message = `${path} has more than ${maxBytes} bytes: save the state dict of the ResNet-50 alone`;
  throw new ResNet50Error('CHECKPOINT_FORMAT', message, { subject: path });
}

/** The bytes of a checkpoint. @throws ResNet50Error FILE_NOT_FOUND, CHECKPOINT_FORMAT */
export async function readCheckpoint(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(path, { maxBytes: MAX_CHECKPOINT_BYTES, tooLong: notAStateDict, signal });
  checkIsWhole(bytes, path);
  return bytes;
}

/** Converts; resolves to the manifest that was written. */
export async function convert(options: ConvertOptions): Promise<Manifest> {
  const { checkpoint, labels, name, calibrate, evaluate, threads } = options;
  const out = resolve(options.out);
  const connection = new Connection<keyof ConverterJobs>(localPort((post) => new ConverterHost(converterRealm, post)));
  const inputs = {
    async checkpoint() {
      await checkVariantFolder(out);
      return { name: basename(checkpoint), content: await readCheckpoint(checkpoint) };
    },
    categories: (classes: number) => readCategories(labels, classes, name),
    labels: labels !== undefined,
    async connect() {
      const networks = evaluate === undefined ? 1 : 2;
      await connection.call('convert-start', { threads, networks, wasmFile: null });
      return connection;
    },
    ...(calibrate !== undefined && { calibration: () => photosBelow(calibrate) }),
    ...(evaluate !== undefined && {
      evaluation: (categories: Parameters<typeof labeledPhotos>[1]) => labeledPhotos(evaluate, categories),
    }),
  };
  try {
    const { manifest, shards, json } = await runConversion(inputs, options, { maxPixels: MAX_PIXELS });
    await replaceVariant(out, manifest, shards, json);
    return manifest;
  } finally {
    await connection.close();
  }
}
