/**
 * Where `fit` puts what it has trained: a file for a head, a folder for a whole network. Both are looked at before the work.
 */
import { ResNet50Error } from '../base/errors.js';
import { checkVariantFolder, replaceVariant } from '../convert/replace-folder.js';
import type { ResNet50 } from '../index.node.js';
import { MANIFEST_FILE, parseManifest } from '../weights/manifest.js';
import { UsageError } from './options.js';
import { namingOption, openResult } from './results.js';

/** A place for the result. */
export interface Fitted {
  save(model: ResNet50): Promise<void>;
  /** Leaves nothing half-written. */
  abandon(): Promise<void>;
}

/** A file for the classifier. */
export async function openHead(out: string): Promise<Fitted> {
  const file = await openResult('out', out);
  const save = async (model: ResNet50) => {
    await file.write(await model.save(), 0);
    await file.commit();
  };
  return { save, abandon: () => file.abandon() };
}

/**
 * A folder for all shards.
 * @throws UsageError for the name of a file; ResNet50Error CANNOT_WRITE, INVALID_ARGUMENT
 */
export async function openNetwork(out: string): Promise<Fitted> {
  if (/\.safetensors$/i.test(out))
    throw new UsageError(`--out ${out}: with --unfreeze layer4 the whole network is written: name a folder`);
  await checkVariantFolder(out).catch((error) => {
    throw namingOption('out', error);
  });
  const save = async (model: ResNet50) => {
    const { [MANIFEST_FILE]: manifest, ...shards } = await model.save({ what: 'all' });
    if (manifest === undefined) throw new ResNet50Error('INTERNAL', `save() gave no ${MANIFEST_FILE}`);
    const text = new TextDecoder().decode(manifest);
    await replaceVariant(out, parseManifest(text, MANIFEST_FILE), new Map(Object.entries(shards)), text);
  };
  return { save, abandon: async () => undefined };
}
