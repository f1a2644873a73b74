/**
 * Gets weights that are missing, as torchvision does on first use, in a worker thread.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, fromPlainError, type PlainError, ResNet50Error } from '../base/errors.js';
import { installFolder, installFolderIfAny } from '../base/files.node.js';
import { weightsFile } from '../base/package-files.node.js';
import type { LoadOptions } from '../client/options.js';
import type { ProgressEvent } from '../protocol/messages.js';
import { DiskFolder } from '../weights/folder-disk.node.js';
import type { Precision } from '../weights/manifest.js';
import { findWeights, type Weights } from '../weights/registry.js';
import { DEFAULT_NAME } from '../weights/variants.js';

/** What the worker is to get. */
export interface WeightsWish {
  name: string;
  precisions: Precision[];
  /** Folder of the variant. */
  out: string;
}

/** What the worker says. */
export type WeightsWord = { progress: ProgressEvent } | { error: PlainError } | { done: true };

/** After an abort, a worker that computes and hears nothing is ended, milliseconds. */
const PATIENCE = 1000;

/**
 * What would have to be got for these options, if that is why a load failed: a variant of torchvision's that is missing where
 * the `weights` command puts them, or is there in another precision only.
 */
export function missingWeights(error: unknown, options: LoadOptions): Weights | undefined {
  const { weights: given = DEFAULT_NAME, weightsUrl } = options;
  const weights = typeof given === 'string' ? findWeights(given) : (given as Partial<Weights> | null);
  const found = findWeights(weights?.name ?? '');
  if (!(error instanceof ResNet50Error) || error.code !== 'WEIGHTS_NOT_FOUND') return undefined;
  if (found === undefined || found.url === null || weightsUrl !== undefined) return undefined;
  const installed = installFolderIfAny();
  return installed && error.message.includes(join(installed, found.name)) ? found : undefined;
}

/**
 * Gets a variant and puts it where `load` looks.
 * @throws ResNet50Error; the signal's reason; what `onProgress` throws
 */
export async function getMissing(weights: Weights, options: LoadOptions): Promise<void> {
  const { precision = 'int8', signal, onProgress } = options;
  const out = join(installFolder(), weights.name);
  const there = await new DiskFolder(out).manifest(signal).catch(() => undefined);
  const precisions = (['int8', 'f32'] as const).filter((p) => p === precision || there?.precisions[p] !== undefined);
  const wish: WeightsWish = { name: weights.name, precisions, out };
  await inWorker(wish, onProgress, signal);
}

function inWorker(wish: WeightsWish, onProgress: LoadOptions['onProgress'], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = new Worker(weightsFile(), { execArgv: [], name: 'resnet50-wasm weights', workerData: wish });
    const stop = (reason: unknown) => {
      reject(reason);
      worker.postMessage('abort');
      setTimeout(() => void worker.terminate(), PATIENCE).unref();
    };
    const aborted = () => stop(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    worker.on('message', (word: WeightsWord) => {
      if ('progress' in word) void Promise.resolve(word.progress).then(onProgress).catch(stop);
      else if ('error' in word) reject(fromPlainError(word.error));
      else resolve();
      if (!('progress' in word)) void worker.terminate();
    });
    worker.once('error', (error) => reject(new ResNet50Error('WORKER_FAILED', describe(error), { cause: error })));
    worker.once('exit', () => {
      signal?.removeEventListener('abort', aborted);
      reject(new ResNet50Error('WORKER_FAILED', `the thread that gets ${wish.name} ended by itself: try again`));
    });
  });
}
