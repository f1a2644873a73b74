/**
 * Why a class: the class activation map of a picture, on the picture itself. The map is the network's last stage weighed
 * by the classifier (7 x 7 for a crop of 224); this file knows where each of its cells lies in the picture.
 */

import { ResNet50Error } from '../base/errors.js';
import type { Transforms } from '../base/transforms.js';
import { type Region, type Rotation, roundHalfEven, viewBox } from '../base/view.js';
import { unwrap } from '../core/start.js';
import type { Classification, ImageJob } from '../protocol/messages.js';
import { indicesOf } from './class-mask.js';
import type { Engine } from './engine.js';

/** Numbers on a grid, rows top to bottom. */
export interface Grid {
  width: number;
  height: number;
  /** Row by row. */
  data: Float32Array<ArrayBuffer>;
}

/** What the host gives of a picture. */
export interface ExplainedGrid {
  best: Classification;
  /** Of the turned picture, as the network saw it. */
  grid: Grid;
  /** What the network saw, in fractions of the turned picture. Beyond 0..1 where the crop was padded. */
  box: Region;
  /** Size of the picture before it was turned. */
  width: number;
  height: number;
}

/** What `model.explain` gives: a class with its probability, and where in the picture it was seen. */
export interface Explanation extends Classification, Grid {
  /**
   * `data` covers the whole picture (upright by its EXIF data, before `rotate`), `width` x `height` numbers: how much each
   * place adds to the class's logit, interpolated between the cells of `grid`; 0 where the network did not look.
   */
  data: Float32Array<ArrayBuffer>;
  /** The part of the picture that the network saw, in fractions of its sides. */
  box: Region;
  /** The map itself, before it was enlarged, as it lies in `box`. Its mean plus the class's bias is the logit. */
  grid: Grid;
}

/** Runs a picture and maps one class: the best, or the one asked for. */
export async function explain(engine: Engine, job: Extract<ImageJob, { type: 'explain' }>): Promise<ExplainedGrid> {
  const { classes } = engine.facts;
  const { image, index } = job;
  const wanted = index === null ? undefined : new Uint8Array(classes);
  if (index !== null)
    for (const i of indicesOf(index, 'index', classes, (c) => engine.category(c))) wanted?.fill(1, i, i + 1);
  return engine.withImage(image, job, (viewed, transforms, whole) => {
    const logits = unwrap(engine.network.run(viewed, transforms, 1), image.name);
    const [best] = engine.best(logits, { topK: 1, threshold: 0 }, wanted);
    if (best === undefined) throw new ResNet50Error('INTERNAL', 'the core named no class');
    const { pointer, width, height } = unwrap(engine.network.activationMap(best.index), image.name);
    const grid = { width, height, data: engine.copyOut(pointer, width * height) };
    const [w, h] = job.view.rotate % 180 === 0 ? [whole.width, whole.height] : [whole.height, whole.width];
    const part = viewBox(job.view, whole.width, whole.height);
    const seen = cropBox(viewed.width, viewed.height, transforms);
    const box = {
      left: (part.left + seen.left * part.width) / w,
      top: (part.top + seen.top * part.height) / h,
      right: (part.left + seen.right * part.width) / w,
      bottom: (part.top + seen.bottom * part.height) / h,
    };
    return { best, grid, box, ...whole };
  });
}

/** The crop of an image in fractions of its sides; the arithmetic of src/image/transform.cc. */
export function cropBox(width: number, height: number, { resizeSize, cropSize }: Transforms): Region {
  const resized = (side: number) => Math.trunc((resizeSize * side) / Math.min(width, height));
  const edge = (size: number) =>
    size >= cropSize ? roundHalfEven((size - cropSize) / 2) : -Math.floor((cropSize - size) / 2);
  const [w, h] = [resized(width), resized(height)];
  const [left, top] = [edge(w), edge(h)];
  return { left: left / w, top: top / h, right: (left + cropSize) / w, bottom: (top + cropSize) / h };
}

/** A grid turned back by the angle that the picture was turned by. */
export function turnBack({ width, height, data }: Grid, rotate: Rotation): Grid {
  if (rotate === 0) return { width, height, data };
  const [w, h] = rotate === 180 ? [width, height] : [height, width];
  const turned = new Float32Array(data.length);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [fromX, fromY] =
        rotate === 90 ? [width - 1 - y, x] : rotate === 180 ? [width - 1 - x, height - 1 - y] : [y, height - 1 - x];
      turned[y * w + x] = data[fromY * width + fromX] as number;
    }
  }
  return { width: w, height: h, data: turned };
}

/** A box of the turned picture in the picture as it was. */
export function turnBoxBack({ left, top, right, bottom }: Region, rotate: Rotation): Region {
  switch (rotate) {
    case 90:
      return { left: top, top: 1 - right, right: bottom, bottom: 1 - left };
    case 180:
      return { left: 1 - right, top: 1 - bottom, right: 1 - left, bottom: 1 - top };
    case 270:
      return { left: 1 - bottom, top: left, right: 1 - top, bottom: right };
    default:
      return { left, top, right, bottom };
  }
}

/** Bilinear neighbours of every pixel of a side in the cells of a grid; undefined outside of the box. */
function neighbours(pixels: number, from: number, to: number, cells: number) {
  return Array.from({ length: pixels }, (_, i) => {
    const at = ((i + 0.5) / pixels - from) / (to - from);
    if (at < 0 || at > 1) return undefined;
    const cell = Math.min(Math.max(at * cells - 0.5, 0), cells - 1);
    const low = Math.floor(cell);
    return { low, high: Math.min(low + 1, cells - 1), share: cell - low };
  });
}

/** The grid over a picture of width x height, enlarged bilinearly between the centres of its cells; 0 outside of the box. */
export function spread(grid: Grid, box: Region, width: number, height: number): Float32Array<ArrayBuffer> {
  const columns = neighbours(width, box.left, box.right, grid.width);
  const rows = neighbours(height, box.top, box.bottom, grid.height);
  const data = new Float32Array(width * height);
  const cell = (y: number, x: number) => grid.data[y * grid.width + x] as number;
  for (const [y, row] of rows.entries()) {
    if (row === undefined) continue;
    for (const [x, column] of columns.entries()) {
      if (column === undefined) continue;
      const mix = (r: number) => cell(r, column.low) * (1 - column.share) + cell(r, column.high) * column.share;
      data[y * width + x] = mix(row.low) * (1 - row.share) + mix(row.high) * row.share;
    }
  }
  return data;
}

/** The map on the picture; `maxSide` bounds the sides of the result, in numbers. */
export function explanationOf(explained: ExplainedGrid, rotate: Rotation, maxSide: number): Explanation {
  const scale = Math.min(1, maxSide / Math.max(explained.width, explained.height));
  const [width, height] = [explained.width, explained.height].map((n) => Math.max(1, Math.round(n * scale)));
  const grid = turnBack(explained.grid, rotate);
  const box = turnBoxBack(explained.box, rotate);
  const data = spread(grid, box, width as number, height as number);
  return { ...explained.best, width: width as number, height: height as number, data, box, grid };
}
