/**
 * Names of classes for a manifest: from a file, or those of ImageNet.
 */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fault } from '../base/check.js';
import { fileError } from '../base/files.node.js';
import type { Category } from '../weights/manifest.js';
import { findWeights, IMAGENET_CATEGORIES } from '../weights/registry.js';

/** A JSON list of names or of { wnid, label }, or a text with a name a line; without, those of the variant or ImageNet's. */
export async function readCategories(path: string | undefined, classes: number, name = ''): Promise<Category[]> {
  if (path === undefined) {
    if (classes === IMAGENET_CATEGORIES.length) return [...IMAGENET_CATEGORIES];
    const known = findWeights(name)?.meta.categories ?? [];
    if (classes === known.length) return known.map((label) => ({ label }));
    return Array.from({ length: classes }, (_, i) => ({ label: `class ${i}` }));
  }
  const refused = (why: string) => fault(path, why);
  const content = await readFile(path, 'utf8').catch((error) => {
    throw fileError(path, error);
  });
  const entries =
    extname(path) === '.json' ? parseLabels(content, refused) : content.replace(/\r?\n$/, '').split(/\r?\n/);
  const categories = entries.map((entry): Category => {
    if (typeof entry === 'string' && entry.trim() !== '') return { label: entry.trim() };
    const { wnid, label } = (entry ?? {}) as Record<string, unknown>;
    if (typeof label === 'string' && label !== '') return typeof wnid === 'string' ? { wnid, label } : { label };
    throw refused('must hold a name for each class');
  });
  if (classes === 1 && categories.length === 2) {
    const why = 'has 2 names, but the checkpoint has one logit, whose sigmoid is the probability of the second class';
    throw refused(`${why}: give only that name`);
  }
  if (categories.length !== classes)
    throw refused(`has ${categories.length} names, but the checkpoint has ${classes} classes`);
  return categories;
}

function parseLabels(content: string, refused: (why: string) => Error): unknown[] {
  try {
    const value: unknown = JSON.parse(content);
    if (Array.isArray(value)) return value;
  } catch {
    throw refused('is not valid JSON');
  }
  throw refused('must hold a JSON list of names');
}
