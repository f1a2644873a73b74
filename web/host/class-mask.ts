/**
 * Allow and deny lists of classes, by index, WordNet id or label, as the mask that the core's top-k takes.
 */
import { fault } from '../base/check.js';
import type { ResNet50Error } from '../base/errors.js';
import type { PickSettings } from '../protocol/messages.js';
import type { Category } from '../weights/manifest.js';

/**
 * One byte a class, 0 for those that must not appear; undefined where nothing is filtered.
 * @throws ResNet50Error INVALID_ARGUMENT naming an entry that matches no class
 */
export function maskOf(
  pick: Pick<PickSettings, 'allow' | 'deny'>,
  classes: number,
  category: (index: number) => Category,
): Uint8Array<ArrayBuffer> | undefined {
  if (pick.allow === null && pick.deny === null) return undefined;
  const mask = new Uint8Array(classes).fill(pick.allow === null ? 1 : 0);
  for (const entry of pick.allow ?? []) for (const i of indicesOf(entry, 'allow', classes, category)) mask[i] = 1;
  for (const entry of pick.deny ?? []) for (const i of indicesOf(entry, 'deny', classes, category)) mask[i] = 0;
  return mask;
}

/** Labels are compared without regard to case; ImageNet has two that occur twice ('crane', 'maillot'). */
export function indicesOf(
  entry: number | string,
  list: string,
  classes: number,
  category: (index: number) => Category,
): number[] {
  if (typeof entry === 'number') {
    if (Number.isInteger(entry) && entry >= 0 && entry < classes) return [entry];
    throw noSuchClass(entry, list, `indices run from 0 to ${classes - 1}`);
  }
  const sought = entry.trim().toLowerCase();
  const found: number[] = [];
  for (let i = 0; i < classes; i++) {
    const { wnid, label } = category(i);
    if (wnid === sought || label.toLowerCase() === sought) found.push(i);
  }
  if (found.length === 0) throw noSuchClass(entry, list, 'entries are class indices, WordNet ids or labels');
  return found;
}

const noSuchClass = (entry: number | string, list: string, rule: string): ResNet50Error =>
  fault(list, `names '${entry}', which is no class: ${rule}`);
