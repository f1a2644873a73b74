/**
 * Maps as colors: dark violet over red to light yellow, clearer the stronger, so that it reads on light and on dark
 * pictures.
 */
import type { Grid } from '../protocol/messages.js';

/** RGB at equal steps from weak to strong; lightness grows evenly, so that it reads without colors too. */
const COLORS = [
  [20, 11, 54],
  [101, 21, 110],
  [188, 55, 84],
  [237, 105, 37],
  [251, 180, 26],
  [252, 255, 164],
] as const;

/** Opacity of the strongest places, 0..1. */
const OPACITY = 0.8;

function color(strength: number, channel: 0 | 1 | 2): number {
  const at = strength * (COLORS.length - 1);
  const low = Math.min(Math.floor(at), COLORS.length - 2);
  const [a, b] = [COLORS[low as 0][channel], COLORS[(low + 1) as 1][channel]];
  return a + (b - a) * (at - low);
}

/**
 * RGBA of a map: transparent where it is 0 or negative (places that speak against the class), strongest at its maximum.
 */
export function heatmapPixels({ data }: Pick<Grid, 'data'>): Uint8ClampedArray<ArrayBuffer> {
  const most = data.reduce((a, b) => Math.max(a, b), 0);
  const pixels = new Uint8ClampedArray(data.length * 4);
  for (const [i, value] of data.entries()) {
    const strength = most > 0 ? Math.max(0, value / most) : 0;
    for (const channel of [0, 1, 2] as const) pixels[i * 4 + channel] = color(strength, channel);
    pixels[i * 4 + 3] = 255 * OPACITY * Math.min(1, 1.5 * strength);
  }
  return pixels;
}

/** Paints a map over the whole of a canvas, which takes the map's size; CSS may stretch it over the picture. */
export function paintHeatmap(map: Grid, canvas: HTMLCanvasElement | OffscreenCanvas): void {
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | null;
  context?.putImageData(new ImageData(heatmapPixels(map), map.width, map.height), 0, 0);
}
