/**
 * A class activation map on the picture itself: turned back and enlarged from the network's grid.
 */
import type { Region, Rotation } from '../base/view.js';
import type { Classification, ExplainedGrid, Grid } from '../protocol/messages.js';

/** What `model.explain` gives: a class with its score, and where in the picture it was seen. */
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

/** Bilinear neighbors of every pixel of a side in the cells of a grid; undefined outside of the box. */
function neighbors(pixels: number, from: number, to: number, cells: number) {
  return Array.from({ length: pixels }, (_, i) => {
    const at = ((i + 0.5) / pixels - from) / (to - from);
    if (at < 0 || at > 1) return undefined;
    const cell = Math.min(Math.max(at * cells - 0.5, 0), cells - 1);
    const low = Math.floor(cell);
    return { low, high: Math.min(low + 1, cells - 1), share: cell - low };
  });
}

/** The grid over a picture of width x height, enlarged bilinearly between the centers of its cells; 0 outside of the box. */
export function spread(grid: Grid, box: Region, width: number, height: number): Float32Array<ArrayBuffer> {
  const columns = neighbors(width, box.left, box.right, grid.width);
  const rows = neighbors(height, box.top, box.bottom, grid.height);
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
