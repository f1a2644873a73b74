// The map of a guess as a layer on the picture. Painted once a map; the style sheet stretches it as it does the picture.
import { paintHeatmap } from 'resnet50-wasm';
import { currentHeat } from './explainer.js';

/** @param {HTMLCanvasElement} canvas */
export function createHeatView(canvas) {
  let painted = null;
  return (state) => {
    const map = state.picture?.drawable ? (currentHeat(state)?.map ?? null) : null;
    canvas.hidden = map === null;
    if (map === null || map === painted) return;
    painted = map;
    paintHeatmap(map, canvas);
  };
}
