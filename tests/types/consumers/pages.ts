// A page: what the DOM gives and takes.
import { heatmapPixels, type ImageInput, paintHeatmap, ResNet50 } from 'resnet50-wasm';
import { isolate } from 'resnet50-wasm/isolation';

export async function page(file: File, image: HTMLImageElement, canvas: HTMLCanvasElement, signal: AbortSignal) {
  if ((await isolate()) || (await isolate(new URL('/worker.js', location.href)))) return;
  const model = await ResNet50.load({ signal, weightsUrl: new URL('/weights/', location.href) });
  const video = document.createElement('video');
  const pixels = new ImageData(4, 4);
  const { body } = await fetch('/a.jpg');
  const inputs: ImageInput[] = [file, file.slice(), image, canvas, video, pixels, await fetch('/a.jpg')];
  inputs.push(await createImageBitmap(file), new OffscreenCanvas(1, 1), new URL('/a.jpg', location.href), body ?? '');
  const results = await model.classify(inputs, { signal });
  const map = await model.explain(image);
  paintHeatmap(map, canvas);
  const painted = new ImageData(heatmapPixels(map), map.width, map.height);
  const link = URL.createObjectURL(new Blob([await model.save()]));
  await crypto.subtle.digest('SHA-256', await model.logits(file));
  // @ts-expect-error an element that cannot be drawn
  await model.classify(document.body);
  return [results, painted, link];
}
