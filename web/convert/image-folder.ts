/**
 * Folders of pictures as torchvision.datasets.ImageFolder reads them: which files are pictures, how deep, in which order,
 * with links followed. Two departures, both told in a note: what programs leave behind does not count (leftovers.ts), and a link
 * that leads back to a folder above it is not followed.
 */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { nameOf, pathOf } from '../base/file-names.node.js';
import { fileError } from '../base/files.node.js';
import { byCodePoints } from './file-names.js';
import { isLeftoverFile, isLeftoverFolder } from './leftovers.js';

/** torchvision's IMG_EXTENSIONS. */
const PICTURE = /\.(?:jpg|jpeg|png|ppm|bmp|pgm|tif|tiff|webp)$/;
/** Pictures to people, but not to torchvision. */
const UNKNOWN_PICTURE = /\.(?:gif|jfif|jpe|jp2|jxl|heic|heif|avif|svg|tga|dng|cr2|nef|arw)$/;

/** What was met on the way and does not count; paths relative to the folder. */
export interface LeftOut {
  leftovers: string[];
  loops: string[];
  unreadable: string[];
  /** Pictures of formats that torchvision passes over. */
  unknown: string[];
}

/** Folders of pictures, one per class. */
export interface ImageFolder {
  /** Class names by index. */
  classes: string[];
  /** The same with the folders that programs left behind, as torchvision counts. */
  counted: string[];
  /** Pictures in torchvision's order: path relative to the folder, and index into `classes`. */
  samples: { file: string; label: number }[];
  /** Names of pictures that lie beside the folders, without a class. */
  loose: string[];
  leftOut: LeftOut;
}

interface Listed {
  folders: { name: string; link: boolean }[];
  files: string[];
}

/** @throws ResNet50Error FILE_NOT_FOUND */
export async function readImageFolder(folder: string): Promise<ImageFolder> {
  const leftOut: LeftOut = { leftovers: [], loops: [], unreadable: [], unknown: [] };
  const top = await list(folder).catch((error) => {
    throw fileError(folder, error);
  });
  const counted = top.folders.map(({ name }) => name).sort(byCodePoints);
  const classes = counted.filter((name) => !isLeftoverFolder(name));
  leftOut.leftovers.push(...counted.filter(isLeftoverFolder));
  const samples: ImageFolder['samples'] = [];
  for (const [label, name] of classes.entries()) {
    const files = await walk(folder, name, leftOut);
    samples.push(...files.map((file) => ({ file, label })));
  }
  const loose = top.files.filter((name) => isPicture(name) && !isLeftoverFile(name)).sort(byCodePoints);
  return { classes, counted, samples, loose, leftOut };
}

/** Pictures below a folder, in no order that a file system decides; what programs leave behind does not count. */
export async function picturesBelow(folder: string): Promise<string[]> {
  await readdir(folder).catch((error) => {
    throw fileError(folder, error);
  });
  const files = await walk(folder, '', { leftovers: [], loops: [], unreadable: [], unknown: [] });
  return files.sort(byCodePoints).map((file) => join(folder, file));
}

const isPicture = (name: string): boolean => PICTURE.test(name.toLowerCase());
const below = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** Entries of a folder; as Python's scandir, a link to a folder is one, and a link to nothing is a file. */
async function list(path: string): Promise<Listed> {
  const entries = await readdir(pathOf(path), { withFileTypes: true, encoding: 'buffer' });
  const listed: Listed = { folders: [], files: [] };
  for (const entry of entries) {
    const name = nameOf(entry.name);
    const link = entry.isSymbolicLink();
    if (await isFolder(entry, join(path, name))) listed.folders.push({ name, link });
    else listed.files.push(name);
  }
  return listed;
}

async function isFolder(entry: Dirent<Buffer>, path: string): Promise<boolean> {
  if (entry.isDirectory() || entry.isFile()) return entry.isDirectory();
  return stat(pathOf(path)).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Pictures below base/start as sorted(os.walk(..., followlinks=True)) has them, paths relative to `base`. */
async function walk(base: string, start: string, leftOut: LeftOut): Promise<string[]> {
  const found: { folder: string; files: string[] }[] = [];
  /** @param trail real paths of the folder and of those above it */
  const visit = async (folder: string, trail: readonly string[]): Promise<void> => {
    const listed = await list(join(base, folder)).catch(() => undefined);
    if (listed === undefined) {
      leftOut.unreadable.push(folder);
      return;
    }
    found.push({ folder, files: pictures(folder, listed.files, leftOut) });
    for (const { name, link } of listed.folders) {
      const path = below(folder, name);
      const real = link ? await realName(join(base, path)) : join(trail.at(-1) as string, name);
      if (isLeftoverFolder(name)) leftOut.leftovers.push(path);
      else if (link && trail.some((above) => isWithin(above, real))) leftOut.loops.push(path);
      else await visit(path, [...trail, real]);
    }
  };
  await visit(start, [await realName(join(base, start))]);
  return found.sort((a, b) => byCodePoints(a.folder, b.folder)).flatMap(({ files }) => files);
}

const realName = async (path: string): Promise<string> => nameOf(await realpath(pathOf(path), { encoding: 'buffer' }));
const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

function pictures(folder: string, names: readonly string[], leftOut: LeftOut): string[] {
  const paths: string[] = [];
  for (const name of [...names].sort(byCodePoints)) {
    if (UNKNOWN_PICTURE.test(name.toLowerCase())) leftOut.unknown.push(below(folder, name));
    if (!isPicture(name)) continue;
    (isLeftoverFile(name) ? leftOut.leftovers : paths).push(below(folder, name));
  }
  return paths;
}
