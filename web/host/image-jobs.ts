/**
 * The jobs on an image or a tensor, each one call into the core and a copy of what it gives.
 */

import { ACTIVATIONS } from '../base/activation.js';
import { check } from '../base/check.js';
import { copyIn } from '../core/start.js';
import type {
  Classification,
  ExplainedGrid,
  ImageJob,
  Jobs,
  PickSettings,
  Preprocessed,
  StageOutput,
} from '../protocol/messages.js';
import { indicesOf, maskOf } from './class-mask.js';
import type { Engine } from './engine.js';

type Job<N extends ImageJob> = (
  engine: Engine,
  job: Jobs[N]['request'],
  signal: AbortSignal,
) => Promise<Jobs[N]['result']>;

/** The best classes of one picture. */
async function classify(
  engine: Engine,
  job: Jobs['classify']['request'],
  signal: AbortSignal,
): Promise<Classification[]> {
  const { session, facts } = engine;
  const mask = maskOf(job.pick, facts.classes, (i) => engine.category(i));
  const best = await picked(engine, job.pick, mask, (pick) =>
    engine.run(
      job,
      { picture: (picture, settings) => session.classify(picture, settings, { ...pick, crops: job.pick.crops }) },
      signal,
    ),
  );
  return best.map(({ index, score }) => ({ index, ...engine.category(index), score }));
}

/** The network's raw output: one row a picture. */
async function logits(
  engine: Engine,
  job: Jobs['logits']['request'],
  signal: AbortSignal,
): Promise<Float32Array<ArrayBuffer>[]> {
  const { session } = engine;
  const { classes } = engine.facts;
  const pointer = await engine.run(
    job,
    {
      picture: (picture, settings) => session.logits(picture, settings),
      tensor: (tensor, settings) => session.logits(tensor, settings),
    },
    signal,
  );
  return Array.from({ length: rowsOf(job) }, (_, row) => engine.copyOut(pointer + 4 * row * classes, classes));
}

/** The stages' outputs in the order of the job, for one picture or each of a tensor's rows. */
async function features(
  engine: Engine,
  job: Jobs['features']['request'],
  signal: AbortSignal,
): Promise<StageOutput[][]> {
  const { session } = engine;
  const blocks = await engine.run(
    job,
    {
      picture: (picture, settings) => session.features(picture, settings, job.stages),
      tensor: (tensor, settings) => session.features(tensor, settings, job.stages),
    },
    signal,
  );
  return Array.from({ length: rowsOf(job) }, (_, row) =>
    blocks.map(({ pointer, channels, height, width }): StageOutput => {
      const count = channels * height * width;
      return { data: engine.copyOut(pointer + 4 * row * count, count), shape: [channels, height, width] };
    }),
  );
}

/** Where a class was seen: the best, or the one asked for. */
async function explain(engine: Engine, job: Jobs['explain']['request'], signal: AbortSignal): Promise<ExplainedGrid> {
  const { session, facts } = engine;
  const { index } = job;
  const wanted = index === null ? undefined : new Uint8Array(facts.classes);
  if (index !== null)
    for (const i of indicesOf(index, 'index', facts.classes, (c) => engine.category(c))) wanted?.fill(1, i, i + 1);
  const best = { topK: 1, threshold: Number.NEGATIVE_INFINITY, activation: job.activation };
  const explained = await picked(engine, best, wanted, (pick) =>
    engine.run(job, { picture: (picture, settings) => session.explain(picture, settings, pick) }, signal),
  );
  const { pointer, width, height } = explained.grid;
  const { index: found, score } = explained.best;
  return {
    ...explained,
    best: { index: found, ...engine.category(found), score },
    grid: { width, height, data: engine.copyOut(pointer, width * height) },
  };
}

/** The picture as the network would see it. */
async function preprocess(
  engine: Engine,
  job: Jobs['preprocess']['request'],
  signal: AbortSignal,
): Promise<Preprocessed> {
  const first = job.layout === 'nchw';
  const { pixels, tensor, side } = await engine.run(
    job,
    { picture: (picture, settings) => engine.session.preprocess(picture, settings, job.layout) },
    signal,
  );
  const count = 3 * side * side;
  return {
    tensor: engine.copyOut(tensor, count),
    shape: first ? [3, side, side] : [side, side, 3],
    pixels: new Uint8ClampedArray(engine.core.HEAPU8.subarray(pixels, pixels + count)),
    ...{ width: side, height: side },
  };
}

/** Handlers by the job's name. */
export const imageJobs: { [N in ImageJob]: Job<N> } = { classify, logits, features, explain, preprocess };

const rowsOf = ({ image }: Jobs['logits']['request']): number => (image.kind === 'tensor' ? image.shape[0] : 1);

/** What `use` makes of a pick whose mask lies in the core's memory meanwhile. */
async function picked<T>(
  { core, facts }: Engine,
  { topK, threshold, activation = facts.activation }: Pick<PickSettings, 'topK' | 'threshold' | 'activation'>,
  mask: Uint8Array | undefined,
  use: (pick: { activation: number; topK: number; threshold: number; allowed: number }) => Promise<T>,
): Promise<T> {
  check(activation === 'none' || threshold <= 1, 'threshold', 'must be a number, 0 to 1');
  const allowed = mask === undefined ? 0 : copyIn(core, mask, 'the allow and deny lists');
  try {
    return await use({ activation: ACTIVATIONS.indexOf(activation), topK, threshold, allowed });
  } finally {
    if (allowed !== 0) core.release(allowed);
  }
}
