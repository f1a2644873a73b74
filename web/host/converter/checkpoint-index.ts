/**
 * The list that Hugging Face's libraries write beside the parts of a checkpoint, mistaken for the checkpoint.
 */
import { ResNet50Error } from '../../base/errors.js';

const MAX_INDEX_BYTES = 2 ** 20;

const textOf = (bytes: Uint8Array, length: number): string => new TextDecoder().decode(bytes.slice(0, length));

const isIndex = (bytes: Uint8Array): boolean =>
  /^\s*\{/.test(textOf(bytes, 64)) && textOf(bytes, MAX_INDEX_BYTES).includes('"weight_map"');

/** @throws ResNet50Error CHECKPOINT_FORMAT for the index of a checkpoint that lies in parts */
export function checkIsWhole(bytes: Uint8Array, name: string): void {
  if (!isIndex(bytes)) return;
  const message = `${name} only lists the parts that a checkpoint was cut into: load the model in Python and save it in one file (model.save_pretrained(folder, max_shard_size='2GB')), or give the one part that holds all of it`;
  throw new ResNet50Error('CHECKPOINT_FORMAT', message, { subject: name });
}
