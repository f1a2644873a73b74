/**
 * Where to look for a variant, and the first folder there that has it.
 */
import { ResNet50Error } from '../base/errors.js';
import type { WeightsFolder } from './folder.js';
import type { Manifest, Precision, Shard } from './manifest.js';

/** Where to look for a variant, in order. Plain data: it crosses worker boundaries. */
export interface FolderSource {
  kind: 'folders';
  /** Variant that was asked for; the manifest of a folder given by address may have any name. */
  name: string | null;
  /** Folders: URLs, or paths in Node. Those marked `exact` count only if the manifest bears the name. */
  folders: { address: string; exact?: boolean }[];
  /** True for names of the registry: then absence means 'not installed', else 'unknown'. */
  known: boolean;
  /** Sentence on how to get the weights there. */
  advice: string;
}

/** No weights at all: torchvision's random initialization. */
export interface RandomSource {
  kind: 'random';
  classes: number;
  seed: number;
}

/** A shard's bytes, decoded. */
export interface StoredFile {
  file: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Weights in memory: what fine-tuning made. */
export interface FilesSource {
  kind: 'files';
  manifest: Manifest;
  files: StoredFile[];
}

/** The files of a folder of weights in memory, as they are stored, manifest.json among them: what a conversion made. */
export interface StoredSource {
  kind: 'stored';
  files: { file: string; bytes: Uint8Array }[];
}

export type WeightsSource = FolderSource | RandomSource | FilesSource | StoredSource;

/** A variant that was found. */
export interface FoundWeights {
  folder: WeightsFolder;
  manifest: Manifest;
}

/**
 * The first folder with a manifest.
 * @param onKnown is given what was found last time, while a server is asked whether it still holds; then the same manifest comes
 *   of this
 * @throws ResNet50Error WEIGHTS_NOT_FOUND, UNKNOWN_WEIGHTS (neither known nor found), MANIFEST_*, FETCH_FAILED
 */
export async function findWeightsFolder(
  source: FolderSource,
  openFolder: (address: string) => WeightsFolder,
  signal?: AbortSignal,
  onKnown?: (known: FoundWeights) => void,
): Promise<FoundWeights> {
  let unreachable: unknown;
  for (const { address, exact } of source.folders) {
    const folder = openFolder(address);
    try {
      const fits = (manifest: Manifest) => !exact || manifest.name === source.name;
      const manifest = await folder.manifest(signal, (known) => fits(known) && onKnown?.({ folder, manifest: known }));
      if (manifest !== undefined && fits(manifest)) return { folder, manifest };
    } catch (error) {
      // A server that is down hides nothing that a later folder might not have.
      if (!(error instanceof ResNet50Error) || error.code !== 'FETCH_FAILED') throw error;
      unreachable ??= error;
    }
  }
  if (unreachable !== undefined) throw unreachable;
  throw notFound(source);
}

function notFound(source: FolderSource): ResNet50Error {
  const subject = source.name ?? source.folders[0]?.address ?? '';
  const folders = source.folders.map((f) => f.address).join(', ');
  const code = source.known ? 'WEIGHTS_NOT_FOUND' : 'UNKNOWN_WEIGHTS';
  const what = source.name === null ? 'there is no manifest.json' : `the weights ${source.name} are not there`;
  return new ResNet50Error(code, `${what} (looked in ${folders}): ${source.advice}`, { subject });
}

/**
 * The shards of a precision.
 * @throws ResNet50Error WEIGHTS_NOT_FOUND where the variant was not converted to it
 */
export function shardsOf(manifest: Manifest, precision: Precision, address: string): Shard[] {
  const shards = manifest.precisions[precision]?.shards;
  if (shards !== undefined) return shards;
  const there = Object.keys(manifest.precisions).join(', ');
  throw new ResNet50Error(
    'WEIGHTS_NOT_FOUND',
    `${manifest.name} in ${address} has no ${precision} shards, only ${there}: convert it with --precision both`,
    { subject: manifest.name },
  );
}
