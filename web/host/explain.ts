/**
 * Why a class: the class activation map of a picture, which is the network's last stage weighed by the classifier (7 x
 * 7 for a crop of 224), and the part of the picture that it covers.
 */

import { ResNet50Error } from '../base/errors.js';
import type { Transforms } from '../base/transforms.js';
import { type Region, roundHalfEven, viewBox } from '../base/view.js';
import { unwrap } from '../core/start.js';
import type { ExplainedGrid, Jobs } from '../protocol/messages.js';
import { indicesOf } from './class-mask.js';
import type { Engine } from './engine.js';

/** Runs a picture and maps one class: the best, or the one asked for. */
export async function explain(engine: Engine, job: Jobs['explain']['request']): Promise<ExplainedGrid> {
  const { classes } = engine.facts;
  const { image, index, activation } = job;
  const wanted = index === null ? undefined : new Uint8Array(classes);
  if (index !== null)
    for (const i of indicesOf(index, 'index', classes, (c) => engine.category(c))) wanted?.fill(1, i, i + 1);
  return engine.withImage(image, job, (viewed, transforms, whole) => {
    const logits = unwrap(engine.network.run(viewed, transforms, 1), image.name);
    const [best] = engine.best(
      logits,
      image.name,
      { topK: 1, threshold: Number.NEGATIVE_INFINITY, activation },
      wanted,
    );
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
