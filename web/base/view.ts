/**
 * Which part of an image is looked at, and how it is turned.
 */
import { checkOneOf, fault } from './check.js';

/** A part of an image in fractions of its sides, 0..1, from its upper left corner. */
export interface Region {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Clockwise, in degrees. */
export type Rotation = 0 | 90 | 180 | 270;

/** The view of a call, complete and checked. */
export interface ViewSettings {
  rotate: Rotation;
  /** Of the turned image; null: all of it. */
  region: Region | null;
}

const EDGES = ['left', 'top', 'right', 'bottom'];

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export function viewSettings(o: { rotate?: Rotation; region?: Region | null }): ViewSettings {
  const { rotate = 0, region = null } = o;
  checkOneOf(rotate, 'rotate', 0, 90, 180, 270);
  if (region === null) return { rotate, region };
  const { left, top, right, bottom } = region;
  const unknown = Object.keys(region).find((edge) => !EDGES.includes(edge));
  if (unknown !== undefined) throw fault(`region.${unknown}`, `is no edge: there are ${EDGES.join(', ')}`);
  const ok = [left, top, right, bottom].every((v) => typeof v === 'number' && v >= 0 && v <= 1);
  if (!ok || left >= right || top >= bottom) {
    throw fault(
      'region',
      `must have left < right and top < bottom, fractions of the image from 0 to 1, not ${[left, top, right, bottom].map(String)}`,
    );
  }
  return { rotate, region: { left, top, right, bottom } };
}
