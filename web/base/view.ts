/**
 * Which part of an image is looked at, and how it is turned: checked here, as pixels for the core.
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

/** @throws ResNet50Error INVALID_ARGUMENT naming the option */
export function viewSettings(o: { rotate?: Rotation; region?: Region | null }): ViewSettings {
  const { rotate = 0, region = null } = o;
  checkOneOf(rotate, 'rotate', 0, 90, 180, 270);
  if (region === null) return { rotate, region };
  const { left, top, right, bottom } = region;
  const ok = [left, top, right, bottom].every((v) => typeof v === 'number' && v >= 0 && v <= 1);
  if (!ok || left >= right || top >= bottom) {
    throw fault(
      'region',
      `must have left < right and top < bottom, fractions of the image from 0 to 1, not ${[left, top, right, bottom].map(String)}`,
    );
  }
  return { rotate, region: { left, top, right, bottom } };
}

/** Python's round(): halves to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const half = value - floor === 0.5;
  return half ? floor + (floor % 2) : Math.round(value);
}

/** The pixels of a view of an image: edges rounded as Pillow's `crop` does. */
export function viewBox(view: ViewSettings, width: number, height: number) {
  const [w, h] = view.rotate % 180 === 0 ? [width, height] : [height, width];
  const { left, top, right, bottom } = view.region ?? { left: 0, top: 0, right: 1, bottom: 1 };
  const [x, y] = [roundHalfEven(left * w), roundHalfEven(top * h)];
  return { left: x, top: y, width: roundHalfEven(right * w) - x, height: roundHalfEven(bottom * h) - y };
}
