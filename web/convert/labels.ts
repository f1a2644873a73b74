/**
 * Names of classes from a file.
 */
import { readText } from '../base/read.node.js';
import { defaultCategories, MAX_LABELS_BYTES, parseCategories } from '../conversion/labels.js';
import type { Category } from '../weights/manifest.js';

/**
 * The names in a file; without one, those of the variant or ImageNet's.
 * @throws ResNet50Error FILE_NOT_FOUND, INVALID_ARGUMENT
 */
export async function readCategories(path: string | undefined, classes: number, name = ''): Promise<Category[]> {
  if (path === undefined) return defaultCategories(classes, name);
  return parseCategories({ name: path, text: await readText(path, { maxBytes: MAX_LABELS_BYTES }) }, classes);
}
