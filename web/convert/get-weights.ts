/**
 * torchvision's variants from nothing: the checkpoint is found or downloaded, checked, converted and put where `load` looks.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import { cacheFolder } from '../base/files.node.js';
import { locked } from '../base/lock.node.js';
import type { Manifest, Precision } from '../weights/manifest.js';
import type { Weights } from '../weights/registry.js';
import { checkpointName, downloadCheckpoint, verifyCheckpoint } from './checkpoints.js';
import { convert } from './convert.js';
import type { ConvertOptions } from './options.js';
import { readInstalled, readShards } from './replace-folder.js';

/** How to get a checkpoint. */
export interface FindOptions {
  /** Folder with the .pth files, or the address of one; by default RESNET50_CHECKPOINTS, else torchvision's site. */
  checkpoints?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called before the network is asked. */
  onDownload?: (file: string, url: string) => void;
  onBytes?: (received: number, total: number) => void;
  /** Called if another process is at it, which is then waited for. */
  onWait?: () => void;
}

/**
 * The path of the checkpoint behind an address, its hash checked.
 * @throws ResNet50Error FILE_NOT_FOUND, WEIGHTS_HASH_MISMATCH, FETCH_FAILED, CANNOT_WRITE; the signal's reason
 */
export async function findCheckpoint(url: string, options: FindOptions): Promise<string> {
  const { checkpoints = process.env.RESNET50_CHECKPOINTS, signal, onDownload } = options;
  const name = checkpointName(url);
  const elsewhere = /^https?:/.test(checkpoints ?? '');
  const folder = checkpoints && !elsewhere ? resolve(checkpoints) : undefined;
  const path = join(folder ?? join(cacheFolder(), 'checkpoints'), name);
  if (existsSync(path)) {
    await verifyCheckpoint(path, signal);
    return path;
  }
  if (folder !== undefined) {
    throw new ResNet50Error('FILE_NOT_FOUND', `${path}: there is no such file (it is at ${url})`, { subject: path });
  }
  const from = elsewhere ? new URL(name, `${checkpoints?.replace(/\/?$/, '/')}`).href : url;
  // Before anything is asked of the network: without one, a name server may keep silent for ten seconds.
  onDownload?.(name, from);
  const { onBytes, onWait } = options;
  await downloadCheckpoint(from, path, { signal, ...(onBytes && { onBytes }), ...(onWait && { onWait }) });
  return path;
}

/** True if a folder holds a variant in these precisions, whole: each shard has the length and hash that it should. */
export async function isInstalled(folder: string, precisions: readonly Precision[]): Promise<boolean | 'damaged'> {
  const installed = await readInstalled(folder);
  if (installed === undefined || !precisions.every((p) => installed.manifest.precisions[p])) return false;
  return (await readShards(folder, installed.manifest, precisions)) === undefined ? 'damaged' : true;
}

/** What to get, and how. */
export interface GetOptions extends FindOptions {
  /** Everything about the conversion but what the variant itself says. */
  settings: Omit<ConvertOptions, 'checkpoint' | 'name' | 'out' | 'transforms' | 'meta'>;
}

/**
 * Gets a variant; one process at a time, and one that waited takes what the other made.
 * @throws ResNet50Error as {@link findCheckpoint} and convert; the signal's reason
 */
export async function getWeights(weights: Weights, out: string, options: GetOptions): Promise<Manifest | undefined> {
  const { settings, signal } = options;
  const { name, url } = weights;
  if (url === null) throw new ResNet50Error('WEIGHTS_NOT_FOUND', `${name} is part of the package`, { subject: name });
  let waited = false;
  const onWait = () => {
    waited = true;
    options.onWait?.();
  };
  const work = async () => {
    if (waited && (await isInstalled(out, settings.precisions)) === true) return undefined;
    const checkpoint = await findCheckpoint(url, options);
    signal?.throwIfAborted();
    const { categories, ...meta } = weights.meta;
    return convert({ ...settings, checkpoint, name, out, transforms: weights.transforms(), meta });
  };
  return locked(`${out} from its checkpoint`, work, { signal, onWait });
}
