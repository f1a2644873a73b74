/**
 * Folders of labeled photos, read in one way for all commands: with a labels.json, or as torchvision's ImageFolder has them.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fault } from '../base/check.js';
import { pathOf } from '../base/file-names.node.js';
import { fileError, systemCode } from '../base/files.node.js';
import { readBytes, readText } from '../base/read.node.js';
import type { Category } from '../weights/manifest.js';
import { areSplits, type Placed, placeClasses } from './class-places.js';
import { some } from './file-names.js';
import { type ImageFolder, readImageFolder } from './image-folder.js';
import { type FileLabel, type LabelsFile, parseLabelsFile } from './labels-file.js';

/** A photo and its class. */
export interface LabeledPhoto<Label = number> {
  /** For {@link readPhoto}. */
  path: string;
  /** Relative to the folder. */
  file: string;
  label: Label;
}

/** What a folder of labeled photos holds. */
export interface LabeledFolder {
  folder: string;
  /** Labels are names of classes, or indices where a labels.json gives those. */
  photos: LabeledPhoto<number | string>[];
  /** Names of the folders by index; null where a labels.json labels the photos. */
  classes: string[] | null;
  /** The same as torchvision counts, with what programs left behind. */
  counted: string[] | null;
  /** Sentences on what was left out. */
  notes: string[];
}

const LABELS_FILE = 'labels.json';
/** Longest photo, bytes. */
const MAX_PHOTO_BYTES = 512 * 2 ** 20;
/** Longest file of labels, bytes: millions of photos. */
const MAX_LABELS_BYTES = 256 * 2 ** 20;

/** Reads a folder. @throws ResNet50Error FILE_NOT_FOUND, INVALID_ARGUMENT where it holds no labeled photo */
export async function readFolder(folder: string): Promise<LabeledFolder> {
  const given = await readLabelsFile(folder);
  if (given !== undefined && 'labels' in given) return labelsFolder(folder, given.labels);
  const found = await readImageFolder(folder);
  if (found.samples.length === 0) throw fault(folder, `holds ${whatInstead(found)}`);
  const photos = found.samples.map(({ file, label }) => ({
    ...{ path: join(folder, file), file },
    label: found.classes[label] as string,
  }));
  const notes = notesOn(found);
  if (given === undefined) return { folder, photos, classes: found.classes, counted: found.counted, notes };
  const unnamed = found.classes.find((name) => photos.some((p) => p.label === name) && !given.classes.includes(name));
  if (unnamed !== undefined) throw fault(folder, `has a folder ${unnamed}, which its ${LABELS_FILE} does not name`);
  return { folder, photos, classes: given.classes, counted: null, notes };
}

/**
 * Reads a folder for a network with these classes: labels are its indices.
 * @throws ResNet50Error FILE_NOT_FOUND; INVALID_ARGUMENT where folder and network do not fit
 */
export async function readLabeled(
  folder: string,
  categories: readonly Category[],
): Promise<Placed & { photos: LabeledPhoto[]; notes: string[] }> {
  const found = await readFolder(folder);
  const placed = placeClasses(found, categories);
  const photos = found.photos.map((photo) => ({ ...photo, label: placed.places.get(photo.label) as number }));
  return { ...placed, photos, notes: [...found.notes, ...placed.notes] };
}

/**
 * The bytes of a photo.
 * @throws ResNet50Error FILE_NOT_FOUND
 */
export async function readPhoto(path: string): Promise<Uint8Array<ArrayBuffer>> {
  await checkIsFile(path);
  return readBytes(path, { maxBytes: MAX_PHOTO_BYTES });
}

/**
 * A photo as calls of a model take it: its path, so that errors name it, or its bytes if the path is not Unicode.
 * @throws ResNet50Error FILE_NOT_FOUND
 */
export async function pictureInput(path: string): Promise<string | Uint8Array<ArrayBuffer>> {
  if (typeof pathOf(path) !== 'string') return readPhoto(path);
  await checkIsFile(path);
  return resolve(path);
}

/** Refuses what has no end, such as a pipe. */
async function checkIsFile(path: string): Promise<void> {
  const found = await stat(pathOf(path)).catch((error) => {
    throw fileError(path, error);
  });
  if (found.isDirectory()) throw fileError(path, { code: 'EISDIR' });
  if (!found.isFile()) throw fileError(path, new Error('is not a regular file'));
}

async function readLabelsFile(folder: string): Promise<LabelsFile | undefined> {
  const path = join(folder, LABELS_FILE);
  const text = await readText(path, { maxBytes: MAX_LABELS_BYTES }).catch((error) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode((error as Error).cause))) return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseLabelsFile(text, (why) => fault(path, why));
}

function labelsFolder(folder: string, labels: readonly FileLabel[]): LabeledFolder {
  const photos = labels.map(({ file, label }) => ({ path: pictureIn(folder, file), file, label }));
  const where = join(folder, LABELS_FILE);
  if (photos.length === 0) throw fault(where, 'names no picture');
  const once = new Map<string, LabeledPhoto<number | string>>();
  const again: string[] = [];
  for (const photo of photos) {
    const { label, file } = once.get(photo.path) ?? photo;
    if (label !== photo.label) throw fault(where, `gives ${file} two classes, ${label} and ${photo.label}`);
    if (once.has(photo.path)) again.push(photo.file);
    else once.set(photo.path, photo);
  }
  const notes = again.length === 0 ? [] : [`${LABELS_FILE} names pictures twice, which count once: ${some(again)}`];
  return { folder, photos: [...once.values()], classes: null, counted: null, notes };
}

/** The path of a picture by a name that another program wrote, perhaps on Windows. */
export function pictureIn(folder: string, file: string): string {
  const path = resolve(folder, file);
  const other = file.replaceAll('\\', '/');
  return other === file || existsSync(path) ? path : resolve(folder, other);
}

function whatInstead({ classes, loose }: ImageFolder): string {
  const expected = `neither ${LABELS_FILE} nor a folder of photos for each class`;
  if (classes.length > 0) return `${expected}: in ${some(classes)} there is no picture`;
  if (loose.length > 0) return `${expected}: its ${loose.length} pictures lie side by side, without a class`;
  return expected;
}

function notesOn({ classes, samples, loose, leftOut }: ImageFolder): string[] {
  const used = new Set(samples.map(({ label }) => label));
  const empty = classes.filter((_, label) => !used.has(label));
  const told: [readonly string[], (names: string) => string][] = [
    [
      leftOut.leftovers,
      (names) =>
        `left out what programs left behind: ${names} (torchvision's ImageFolder takes such folders for classes and such files for pictures)`,
    ],
    [leftOut.loops, (names) => `did not follow links that lead back to a folder above them: ${names}`],
    [leftOut.unreadable, (names) => `passed over folders that may not be read, as torchvision does: ${names}`],
    [leftOut.unknown, (names) => `passed over pictures of formats that torchvision does not take: ${names}`],
    [loose, (names) => `passed over pictures outside the folders of classes, as torchvision does: ${names}`],
    [empty, (names) => `no picture of ${names} (which keeps its index; torchvision's ImageFolder refuses this folder)`],
    [areSplits(classes) ? classes : [], (names) => `${names} look like parts of a data set, not like classes`],
  ];
  return told.filter(([names]) => names.length > 0).map(([names, sentence]) => sentence(some(names)));
}
