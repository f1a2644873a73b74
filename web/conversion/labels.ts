/**
 * Names of classes for a manifest: from a text, or those of ImageNet.
 */
import { type Fields, fault, isFields } from '../base/check.js';
import type { Category } from '../weights/manifest.js';
import { findWeights, IMAGENET_CATEGORIES } from '../weights/registry.js';

/** Longest file of names, bytes: a million long names. */
export const MAX_LABELS_BYTES = 256 * 2 ** 20;

/** A file of names. */
export interface LabelsText {
  /** For messages; its ending tells JSON. */
  name: string;
  text: string;
}

/** Names where nobody gave any: those of the variant, ImageNet's, or 'class N'. */
export function defaultCategories(classes: number, name = ''): Category[] {
  if (classes === IMAGENET_CATEGORIES.length) return [...IMAGENET_CATEGORIES];
  const known = findWeights(name)?.meta.categories ?? [];
  if (classes === known.length) return known.map((label) => ({ label }));
  return Array.from({ length: classes }, (_, i) => ({ label: `class ${i}` }));
}

/**
 * Names of classes: a JSON list of names or of { wnid, label }, one of the maps between names and indices that other
 * programs write (id2label, label2id, class_to_idx, ImageNet's class index), or a text with a name a line.
 * @throws ResNet50Error INVALID_ARGUMENT
 */
export function parseCategories({ name, text }: LabelsText, classes: number): Category[] {
  const refused = (why: string) => fault(name, why);
  const isJson = /\.json$/i.test(name) || /^\s*\{/.test(text);
  const entries = isJson ? parseLabels(text, refused) : text.trimEnd().split(/\r?\n|\r/);
  return categoriesOf(entries, classes, refused);
}

/** The same of a list, which a program may have made. */
export function categoriesOf(
  entries: readonly unknown[],
  classes: number,
  refused: (why: string) => Error,
): Category[] {
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
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw refused('is not valid JSON');
  }
  if (Array.isArray(value)) return value;
  const fields: Fields = isFields(value) ? value : {};
  const map = MAPS.map((name) => fields[name]).find(isFields) ?? fields;
  if (Object.keys(map).length > 0) return namesByIndex(map, refused);
  throw refused(`must hold a JSON list of names, or a map such as ${MAPS.join(', ')}`);
}

/** Where the maps of other programs lie: in Hugging Face's config.json, in torchvision's ImageFolder. */
const MAPS = ['id2label', 'label2id', 'class_to_idx'];

/** The names of a map from indices to names ({ "0": "cat" }) or ([wnid, name]), or from names to indices, in order. */
function namesByIndex(map: Fields, refused: (why: string) => Error): unknown[] {
  const names: unknown[] = [];
  for (const [key, value] of Object.entries(map)) {
    const byName = typeof value === 'number';
    const index = byName ? value : /^\d+$/.test(key) ? Number(key) : -1;
    const [wnid, label] = Array.isArray(value) ? value : [];
    if (!Number.isInteger(index) || index < 0 || index >= MAX_CLASSES || index in names)
      throw refused(`must give each class an index of its own, from 0 (see '${key}')`);
    names[index] = byName ? key : Array.isArray(value) ? { wnid, label } : value;
  }
  return Array.from(names); // where an index is missing, undefined
}

const MAX_CLASSES = 1_000_000;
