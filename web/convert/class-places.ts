/**
 * Which class of the network a label of a folder means: by name, or by order where only the order can tell.
 */
import { fault } from '../base/check.js';
import type { Category } from '../weights/manifest.js';
import { some } from './file-names.js';

/** What is to be placed. */
export interface Labels {
  folder: string;
  /** Labels of the photos. */
  photos: readonly { label: number | string }[];
  /** Names of all classes of the folder by index, where it has any. */
  classes: readonly string[] | null;
  /** The same as torchvision counts them. */
  counted: readonly string[] | null;
}

/** Labels and the network's classes that they mean. */
export interface Placed {
  places: ReadonlyMap<number | string, number>;
  /** How they were found. */
  by: 'index' | 'name' | 'order';
  notes: string[];
}

const SPLITS = ['train', 'val', 'valid', 'validation', 'test', 'testing', 'training'];

/** True if these are parts of a data set and not its classes. */
export const areSplits = (names: readonly string[]): boolean =>
  names.length > 0 && names.every((name) => SPLITS.includes(name.toLowerCase()));

/**
 * Places every label of the photos.
 * @throws ResNet50Error INVALID_ARGUMENT where a label means no class of the network, or two
 */
export function placeClasses(labels: Labels, categories: readonly Category[]): Placed {
  const { folder, photos } = labels;
  const given = [...new Set(photos.map(({ label }) => label))];
  const indices = given.filter((label) => typeof label === 'number');
  const names = given.filter((label) => typeof label === 'string');
  const isIndex = (label: number) => Number.isInteger(label) && label >= 0 && label < categories.length;
  const strange = photos.find(({ label }) => typeof label === 'number' && !isIndex(label));
  if (strange !== undefined) {
    const { file = '', label } = strange as { file?: string; label: number };
    throw fault(folder, `gives ${file} class ${label}, of ${categories.length}`);
  }
  const placed = placeNames(labels, names, categories);
  return { ...placed, places: new Map([...placed.places, ...indices.map((i) => [i, i] as const)]) };
}

function placeNames(labels: Labels, names: readonly string[], categories: readonly Category[]): Placed {
  if (names.length === 0) return { places: new Map(), by: 'index', notes: [] };
  const find = finder(categories);
  const found = new Map(names.map((name) => [name, find(name)]));
  const unknown = names.filter((name) => found.get(name)?.length === 0);
  if (unknown.length === 0) {
    const order = labels.classes?.length === categories.length ? labels.classes : null;
    const places = unambiguous(labels.folder, order, found);
    return { places, by: 'name', notes: mergedNames(places, categories) };
  }
  if (labels.classes === null && unknown.every((name) => Number(name) < categories.length && /^\d+$/.test(name))) {
    const number = (name: string, [index = Number(name)]: readonly number[]) => [name, index] as const;
    return { places: new Map([...found].map(([name, places]) => number(name, places))), by: 'index', notes: [] };
  }
  for (const order of [labels.classes, labels.counted]) {
    if (order !== null && fitsOrder(order, found, categories.length)) return byOrder(labels, order, categories);
  }
  throw fault(labels.folder, mismatch(labels, unknown, categories));
}

/** Tells of names that mean the same class ('cat' and 'Cat', or a label and its WordNet id): their pictures are one class. */
function mergedNames(places: ReadonlyMap<string, number>, categories: readonly Category[]): string[] {
  const names = new Map<number, string[]>();
  for (const [name, index] of places) names.set(index, [...(names.get(index) ?? []), name]);
  const merged = [...names].filter(([, of]) => of.length > 1);
  const shown = merged.map(([index, of]) => `${some(of)} (${categories[index]?.label})`);
  return shown.length === 0 ? [] : [`names that mean the same class of the network count as one: ${some(shown, 3)}`];
}

/** One class for each name: where two bear it, the one whose index is the name's in `order`. */
function unambiguous(
  folder: string,
  order: readonly string[] | null,
  found: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, number> {
  const places = [...found].map(([name, indices]) => {
    const own = indices.find((index) => order?.[index] === name);
    const [first = 0, second] = indices;
    if (second !== undefined && own === undefined) {
      const remedy = 'use WordNet ids or indices';
      throw fault(folder, `has a class ${name}, which is the name of classes ${first} and ${second}: ${remedy}`);
    }
    return [name, own ?? first] as const;
  });
  return new Map(places);
}

/** True if the order can be the network's: as many classes, and no name that contradicts. */
function fitsOrder(order: readonly string[], found: ReadonlyMap<string, readonly number[]>, classes: number): boolean {
  const contradicts = ([name, indices]: readonly [string, readonly number[]]) =>
    indices.length > 0 && !indices.includes(order.indexOf(name));
  return order.length === classes && !areSplits(order) && ![...found].some(contradicts);
}

function byOrder(labels: Labels, order: readonly string[], categories: readonly Category[]): Placed {
  const shown = order.map((name, i) => `${name} is ${i} (${categories[i]?.label})`);
  const notes = [`names of folders are not the network's classes, so their order counts: ${some(shown, 3)}`];
  if (order !== labels.classes) {
    notes.push(`the network has ${order.length} classes, as torchvision counts this folder with what was left out`);
  }
  const numeric = [...order].sort((a, b) => Number(a) - Number(b));
  if (order.every((name) => /^\d+$/.test(name)) && numeric.some((name, i) => name !== order[i])) {
    notes.push("torchvision orders folders as text ('10' before '2'), so a folder's number is not its index");
  }
  return { places: new Map(order.map((name, i) => [name, i])), by: 'order', notes };
}

function mismatch({ classes }: Labels, unknown: readonly string[], categories: readonly Category[]): string {
  const own = some(
    categories.map(({ label }) => label),
    3,
  );
  const said = `has classes that the network does not know: ${some(unknown)} (it has ${categories.length}: ${own})`;
  if (classes === null) return `${said}: label pictures with the network's names or indices`;
  if (areSplits(classes)) return `${said}: name one of its folders`;
  const counts = classes.length === categories.length ? 'their order contradicts it' : `there are ${classes.length}`;
  return `${said}; their order cannot tell either, since ${counts}: name folders as the network's classes, or add a labels.json`;
}

/** Finds classes by label or WordNet id: exactly, else whatever the case, separators and Unicode form. */
function finder(categories: readonly Category[]): (name: string) => readonly number[] {
  const [exact, loose] = [new Map<string, number[]>(), new Map<string, number[]>()];
  const add = (map: Map<string, number[]>, key: string, index: number): void => {
    const indices = map.get(key);
    if (indices === undefined) map.set(key, [index]);
    else if (!indices.includes(index)) indices.push(index);
  };
  for (const [i, { wnid, label }] of categories.entries()) {
    for (const name of wnid === undefined ? [label] : [label, wnid]) {
      add(exact, name, i);
      add(loose, plain(name), i);
    }
  }
  // As in 'n02085620-Chihuahua'.
  const wnidOf = (name: string) => /^n\d{8}(?=[-_. ])/.exec(name)?.[0] ?? '';
  return (name) => exact.get(name) ?? loose.get(plain(name)) ?? exact.get(wnidOf(name)) ?? [];
}

const plain = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .trim()
    .replaceAll(/[\s_-]+/g, ' ');
