// The map of a guess as a layer on the picture: clear below a third of its maximum and towards the rim of what the network saw,
// which a thin frame shows. Painted once per map; the style sheet stretches it as it does the picture.
import { heatmapPixels } from 'resnet50-wasm';
import { currentHeat } from './explainer.js';

/** Shares of the maximum: nothing is shown below the first, all of it from the second on. */
const FAINT = 1 / 3;
const PLAIN = 1 / 2;
/** Width of the rim over which the map fades, as a share of the crop's side. */
const RIM = 0.1;
/** Pixels of the painted map's longer side, at least: its frame stays thin where it is stretched over the picture. */
const LEAST_SIDE = 640;
/** Cells per side below which a map is coarse. */
const FINE = 4;
/** Over which width the map is blurred, as a share of a cell. */
const SOFTNESS = 0.8;

/** 0 up to `from`, 1 from `to` on, smooth in between. */
function step(value, from, to) {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return share * share * (3 - 2 * share);
}

/** By pixel of a side: 0 outside of the crop and at its rim, 1 inside. */
function fade(pixels, from, to) {
  return Float32Array.from({ length: pixels }, (_, i) => {
    const at = (i + 0.5) / pixels;
    return step(Math.min(at - from, to - at), 0, RIM * (to - from));
  });
}

/** Means over `radius` numbers on either side, along lines of `length` numbers that lie `step` apart; `next` leads to the next line. */
function blurred(data, { lines, length, step, next }, radius) {
  const means = new Float32Array(data.length);
  for (let line = 0; line < lines; line++) {
    const at = (i) => data[line * next + Math.min(length - 1, Math.max(0, i)) * step];
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      means[line * next + i * step] = sum / (2 * radius + 1);
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
  return means;
}

/** The map's numbers without the creases at the middles of the network's cells, between which they are straight lines. */
function softened({ width, height, data, box, grid }) {
  if (Math.min(grid.width, grid.height) < FINE) return data;
  const [across, down] = [
    ((box.right - box.left) * width) / grid.width,
    ((box.bottom - box.top) * height) / grid.height,
  ].map((cell) => Math.round((SOFTNESS / 2) * cell));
  const rows = blurred(data, { lines: height, length: width, step: 1, next: width }, across);
  return blurred(rows, { lines: width, length: height, step: width, next: 1 }, down);
}

/** @param {import('resnet50-wasm').Explanation} map */
export function paintMap(map, canvas) {
  const { width, height, box } = map;
  const data = softened(map);
  const scale = Math.max(1, LEAST_SIDE / Math.max(width, height));
  Object.assign(canvas, { width: Math.round(scale * width), height: Math.round(scale * height) });
  const pixels = heatmapPixels({ ...map, data });
  const [columns, rows] = [fade(width, box.left, box.right), fade(height, box.top, box.bottom)];
  const most = data.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  for (const [i, value] of data.entries()) {
    pixels[4 * i + 3] *= step(value / most, FAINT, PLAIN) * columns[i % width] * rows[Math.floor(i / width)];
  }
  const small = new OffscreenCanvas(width, height);
  small.getContext('2d').putImageData(new ImageData(pixels, width, height), 0, 0);
  const context = canvas.getContext('2d');
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  frame(context, box);
}

/** A light line in a dark one, which shows on every picture. */
function frame(context, { left, top, right, bottom }) {
  const { width, height } = context.canvas;
  const sides = [left * width, top * height, (right - left) * width, (bottom - top) * height];
  const [x, y, w, h] = [sides[0] + 1.5, sides[1] + 1.5, sides[2] - 3, sides[3] - 3];
  for (const [style, lineWidth] of [
    ['rgb(0 0 0 / 0.45)', 3],
    ['rgb(255 255 255 / 0.9)', 1],
  ]) {
    Object.assign(context, { strokeStyle: style, lineWidth });
    context.strokeRect(x, y, w, h);
  }
}

/** What a visitor should know of the map; empty for one that is fine enough. */
function noteOf({ grid }) {
  if (Math.min(grid.width, grid.height) >= FINE) return '';
  return `This network tells ${grid.width} × ${grid.height} places apart: the map is coarse.`;
}

/** @param {{ canvas: HTMLCanvasElement, tools: HTMLElement, slider: HTMLInputElement, note: HTMLElement }} elements */
export function createHeatView({ canvas, tools, slider, note }) {
  let painted = null;
  slider.addEventListener('input', () => {
    canvas.style.opacity = String(slider.valueAsNumber / 100);
  });
  return (state) => {
    const still = state.picture?.drawable ? (currentHeat(state)?.map ?? null) : null;
    const map = state.camera === 'on' ? state.cameraMap : still;
    canvas.hidden = map === null;
    tools.hidden = map === null;
    if (map === null || map === painted) return;
    painted = map;
    paintMap(map, canvas);
    note.textContent = noteOf(map);
  };
}
