/**
 * Folders of labeled photos: with a labels.json, or as torchvision's ImageFolder has them.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../base/check.js';
import { fileError, readText, systemCode } from '../base/files.node.js';

/** A photo and the index of its class. */
export interface LabeledPhoto {
  path: string;
  label: number;
}

/** A photo in a folder that bears the name of its class. */
export interface NamedPhoto extends LabeledPhoto {
  name: string;
}

const PHOTO = /\.(?:jpe?g|png|bmp)$/i;
const LABELS_FILE = 'labels.json';

/**
 * The photos that `labels.json` lists ([{ file, class }], in its order), or those of one folder a class (in order of
 * names, as torchvision's ImageFolder numbers them).
 * @throws ResNet50Error FILE_NOT_FOUND, INVALID_ARGUMENT
 */
export async function readLabeled(folder: string, classes: number): Promise<LabeledPhoto[]> {
  const refused = (why: string) => fault(folder, why);
  const text = await readText(join(folder, LABELS_FILE)).catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(join(folder, LABELS_FILE), error);
  });
  const photos = text === undefined ? await readClassFolders(folder) : parseLabels(text, folder, refused);
  if (photos.length === 0) throw refused(`holds neither ${LABELS_FILE} nor a folder of photos for each class`);
  const strange = photos.find(({ label }) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (strange !== undefined) throw refused(`gives ${strange.path} class ${strange.label}, of ${classes}`);
  return photos;
}

function parseLabels(text: string, folder: string, refused: (why: string) => Error): LabeledPhoto[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    throw refused(`has a ${LABELS_FILE} that is not valid JSON`);
  }
  if (!Array.isArray(entries)) throw refused(`has a ${LABELS_FILE} that is no list`);
  return entries.map((entry: Record<string, unknown> | null) => {
    const label = entry?.class ?? entry?.label ?? entry?.index;
    if (typeof entry?.file !== 'string' || typeof label !== 'number')
      throw refused(`has a ${LABELS_FILE} whose entries are not { file, class }`);
    return { path: namedHere(entry.file, folder), label };
  });
}

/** The path of a file in a folder. Lists that were made on Windows have backslashes, which are letters elsewhere. */
export function namedHere(file: string, folder = ''): string {
  const path = join(folder, file);
  if (!file.includes('\\') || existsSync(path)) return path;
  return join(folder, file.replaceAll('\\', '/'));
}

/**
 * The photos of one folder a class, classes and photos in order of names.
 * @throws ResNet50Error FILE_NOT_FOUND
 */
export async function readClassFolders(folder: string): Promise<NamedPhoto[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw fileError(folder, error);
  });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const photos = await Promise.all(
    names.sort().map(async (name, label) => {
      const files = (await readdir(join(folder, name))).filter((file) => PHOTO.test(file)).sort();
      return files.map((file) => ({ path: join(folder, name, file), label, name }));
    }),
  );
  return photos.flat();
}
