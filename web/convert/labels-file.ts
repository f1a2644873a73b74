/**
 * labels.json: which picture is of which class, in the shapes that people write it in.
 */
import { isFields } from '../base/check.js';

/** A picture and its class, by index or by name. */
export interface FileLabel {
  file: string;
  label: number | string;
}

/** What a labels.json tells: pictures, or the names of classes by index (for folders of pictures beside it). */
export type LabelsFile = { labels: FileLabel[] } | { classes: string[] };

const FILE_FIELDS = ['file', 'path', 'filename', 'file_name', 'image', 'name'];
const LABEL_FIELDS = ['class', 'label', 'index', 'target', 'category', 'class_index'];
const SHAPES =
  'must be a list of { "file", "label" }, an object from file to label, or one from class to its files; a label is an index or a name';

/**
 * Reads the text of a labels.json.
 * @param refused makes the error from the reason
 */
export function parseLabelsFile(text: string, refused: (why: string) => Error): LabelsFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('is not valid JSON');
  }
  const twice = isFields(value) ? repeatedField(text) : undefined;
  if (twice !== undefined) throw refused(`names ${twice} twice: JSON keeps the last one only`);
  const inner = isFields(value) && Array.isArray(value.labels) && isEntries(value.labels) ? value.labels : value;
  const found = Array.isArray(inner) ? fromList(inner) : isFields(inner) ? fromFields(inner) : undefined;
  if (found === undefined) throw refused(SHAPES);
  return found;
}

/** The first name that an object gives to two of its fields; those of objects within it do not count. */
function repeatedField(text: string): string | undefined {
  const names = new Set<string>();
  let depth = 0;
  for (const [token, string] of text.matchAll(/("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    if (string === undefined || depth !== 1) continue;
    const name = JSON.parse(string) as string;
    if (names.has(name)) return name;
    names.add(name);
  }
  return undefined;
}

const isLabel = (v: unknown): v is number | string => typeof v === 'number' || (typeof v === 'string' && v !== '');
const isEntries = (list: readonly unknown[]): boolean => list.length > 0 && list.every((v) => entryOf(v) !== undefined);
const isNames = (list: readonly unknown[]): list is string[] =>
  list.length > 0 && list.every((v) => typeof v === 'string' && v !== '');
const looksLikeFile = (name: string): boolean => /[/\\]|\.[a-z]{3,4}$/i.test(name);

/** An entry of a list: an object, or a pair. */
function entryOf(entry: unknown): FileLabel | undefined {
  const fields = (names: readonly string[]): unknown =>
    isFields(entry) ? names.map((name) => entry[name]).find((v) => v !== undefined && v !== null) : undefined;
  const pair = Array.isArray(entry) && entry.length === 2 ? entry : [fields(FILE_FIELDS), fields(LABEL_FIELDS)];
  const [file, label] = pair as unknown[];
  return typeof file === 'string' && file !== '' && isLabel(label) ? { file, label } : undefined;
}

function fromList(list: readonly unknown[]): LabelsFile | undefined {
  if (isNames(list) && !list.some(looksLikeFile)) return { classes: list };
  return isEntries(list) ? { labels: list.map((entry) => entryOf(entry) as FileLabel) } : undefined;
}

function fromFields(fields: Readonly<Record<string, unknown>>): LabelsFile | undefined {
  const entries = Object.entries(fields);
  if (entries.length === 0) return undefined;
  if (entries.every(([, files]) => Array.isArray(files) && files.every((file) => typeof file === 'string')))
    return { labels: entries.flatMap(([label, files]) => (files as string[]).map((file) => ({ file, label }))) };
  if (!entries.every(([, label]) => isLabel(label))) return undefined;
  const classes = entries.some(([key]) => looksLikeFile(key)) ? undefined : classNames(entries);
  if (classes !== undefined) return { classes };
  return { labels: entries.map(([file, label]) => ({ file, label: label as number | string })) };
}

/** { "cat": 0 } (ImageFolder's class_to_idx) or { "0": "cat" } as names by index; undefined unless every index is there. */
function classNames(entries: readonly (readonly [string, unknown])[]): string[] | undefined {
  const pairs = entries.map(([key, value]) => (typeof value === 'number' ? [value, key] : [Number(key), value]));
  const names = new Map(pairs as [number, string][]);
  const list = entries.map((_, i) => names.get(i));
  return list.every((name) => typeof name === 'string') ? (list as string[]) : undefined;
}
