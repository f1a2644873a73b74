// A worker of a page: no document.
import { type ImageInput, paintHeatmap, ResNet50 } from 'resnet50-wasm';

export async function worker(blob: Blob, bitmap: ImageBitmap, signal: AbortSignal) {
  const model = await ResNet50.load({ signal, worker: false });
  const canvas = new OffscreenCanvas(1, 1);
  const inputs: ImageInput[] = [blob, bitmap, canvas, await fetch('/a.jpg'), new URL('a.jpg', location.href)];
  paintHeatmap(await model.explain(blob), canvas);
  return model.classify(inputs, { signal });
}
