/**
 * Variants in folders: put there whole or not at all, and found to be whole.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isFields } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { checkReplaceable, type FolderContent, replaceFolder } from '../base/folders.node.js';
import { readBytes, readText } from '../base/read.node.js';
import {
  formatManifest,
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type Precision,
  parseManifest,
} from '../weights/manifest.js';

/** Names that the converter, or fine-tuning, gives to shards; while they are replaced, with a part of their hash. */
const SHARD_NAME =
  /^(?:resnet50-(?:int8|f32)-\d+(?:\.gzip)?|finetuned-(?:int8|f32)-[a-z0-9.]+?)(?:\.[0-9a-f]{16})?\.safetensors(?:\.gz)?$/;

/**
 * Puts a variant into a folder, which may be absent, empty or hold a variant of ours; that one stays if this fails.
 * @param shards by the names that the manifest gives them
 * @param text of the manifest, if it is to keep its bytes
 * @throws ResNet50Error CANNOT_WRITE, INVALID_ARGUMENT
 */
export async function replaceVariant(
  out: string,
  manifest: Manifest,
  shards: ReadonlyMap<string, Uint8Array>,
  text = formatManifest(manifest),
): Promise<void> {
  await checkOwnManifest(out);
  const indexOf: FolderContent['indexOf'] = (stored) => {
    const moved = [...shards.keys()].some((name) => stored(name) !== name);
    return new TextEncoder().encode(moved ? formatManifest(withNames(manifest, stored)) : text);
  };
  await replaceFolder(out, { files: shards, indexOf, ...OURS });
}

const OURS = { index: MANIFEST_FILE, ours: (name: string): boolean => SHARD_NAME.test(name) };

/**
 * What would keep {@link replaceVariant} from its work, for those who compute for minutes before.
 * @throws as that
 */
export async function checkVariantFolder(out: string): Promise<void> {
  await checkOwnManifest(out);
  await checkReplaceable(out, OURS);
}

function withNames(manifest: Manifest, stored: (name: string) => string): Manifest {
  const precisions = Object.entries(manifest.precisions).map(([precision, { shards }]) => {
    return [precision, { shards: shards.map((shard) => ({ ...shard, file: stored(shard.file) })) }];
  });
  return { ...manifest, precisions: Object.fromEntries(precisions) };
}

/** Web applications have a manifest.json too, which must not be taken for one of ours. */
async function checkOwnManifest(out: string): Promise<void> {
  const text = await readText(join(out, MANIFEST_FILE), { maxBytes: MAX_MANIFEST_BYTES }).catch(() => '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return; // none, or what a disk has made of ours
  }
  if (isFields(value) && value.format === MANIFEST_FORMAT) return;
  const message = `${out} holds a ${MANIFEST_FILE} of something else: give a folder of its own with --out`;
  throw new ResNet50Error('INVALID_ARGUMENT', message, { subject: out });
}

/** What is in a folder. */
export interface Installed {
  manifest: Manifest;
  /** Text of the manifest. */
  text: string;
}

/**
 * The variant that a folder says it holds; undefined if there is none, or its manifest is damaged.
 * @throws ResNet50Error MANIFEST_TOO_NEW, FILE_NOT_FOUND (it may not be read)
 */
export async function readInstalled(folder: string): Promise<Installed | undefined> {
  const path = join(folder, MANIFEST_FILE);
  try {
    const text = await readText(path, { maxBytes: MAX_MANIFEST_BYTES });
    return { manifest: parseManifest(text, path), text };
  } catch (error) {
    const { code, cause } = error as ResNet50Error;
    const missing = ['ENOENT', 'ENOTDIR'].includes((cause as { code?: string } | undefined)?.code ?? '');
    if (code === 'MANIFEST_FORMAT' || code === 'IMAGE_TOO_LARGE' || missing) return undefined;
    throw error;
  }
}

/** Shards by name, each with the length and hash that the manifest says; undefined if one of them has not. */
export async function readShards(
  folder: string,
  manifest: Manifest,
  precisions: readonly Precision[],
): Promise<Map<string, Uint8Array> | undefined> {
  const shards = new Map<string, Uint8Array>();
  for (const { file, bytes, sha256 } of precisions.flatMap((p) => manifest.precisions[p]?.shards ?? [])) {
    const content = await readBytes(join(folder, file), { maxBytes: bytes }).catch(() => undefined);
    if (content?.length !== bytes || createHash('sha256').update(content).digest('hex') !== sha256) return undefined;
    shards.set(file, content);
  }
  return shards;
}
