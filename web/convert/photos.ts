/**
 * Folders of photos as a conversion takes them.
 */
import { basename } from 'node:path';
import type { Evaluation, Photo } from '../conversion/run.js';
import type { Category } from '../weights/manifest.js';
import { picturesBelow } from './image-folder.js';
import { readLabeled, readPhoto } from './labeled.js';

/** What the core decodes. */
const PHOTO = /\.(?:jpe?g|png|bmp)$/i;

/** Of a network with one logit: its class, and the other. */
const TWO_CLASSES = [{ label: 'class 0' }, { label: 'class 1' }];

const photoAt = (path: string, name: string): Photo => ({
  name,
  read: async () => ({ kind: 'bytes', name, bytes: await readPhoto(path) }),
});

/** The photos below a folder. */
export async function photosBelow(folder: string): Promise<{ photos: Photo[]; from: string }> {
  const paths = (await picturesBelow(folder)).filter((path) => PHOTO.test(path));
  return { photos: paths.map((path) => photoAt(path, basename(path))), from: folder };
}

/** Labeled photos of a folder, for a network with these classes. */
export async function labeledPhotos(folder: string, categories: readonly Category[]): Promise<Evaluation> {
  const { photos, notes } = await readLabeled(folder, categories.length === 1 ? TWO_CLASSES : categories);
  return { photos: photos.map(({ path, label }) => ({ ...photoAt(path, path), label })), notes, from: folder };
}
