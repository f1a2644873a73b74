/**
 * A classifier of the user's own in place of the network's: trained, or taken at the load.
 */

import { check } from '../base/check.js';
import type { FitReport } from '../protocol/training.js';
import type { Example, FitOptions } from './fit-options.js';
import type { ImageJobs } from './image-jobs.js';
import type { Running } from './running.js';
import { type PlacedHead, withTraining } from './training-module.js';

/** What `model.fit` does. */
export async function fitOwnHead(
  running: Running,
  images: ImageJobs,
  examples: readonly Example[],
  options: FitOptions,
): Promise<FitReport> {
  check(Array.isArray(examples), 'examples', 'must be a list of { image, label } or { embedding, label }');
  const settings = images.settings(options);
  const signal = running.until(options.signal);
  const preparing = examples.flatMap((example, i) =>
    example?.image === undefined ? [] : [images.prepare(example.image, `example ${i}`)],
  );
  return running.inTurn(async () => {
    const { facts } = await running.live();
    const { session, options: loaded } = running;
    const [workerUrl, wasmUrl] = [loaded.workerUrl?.toString(), loaded.wasmUrl?.toString()];
    const features = (stages: readonly string[]) =>
      images.inOrder('features', preparing, { stages, ...settings }, signal);
    const shards = () => running.session.connection.call('shards', null, { signal });
    const { placed, source, report } = await withTraining(running.platform, (t) => {
      const connect = (threads: number) => t.connectTrainer({ worker: session.worker, threads, workerUrl, wasmUrl });
      const { threads } = session.choice;
      return t.fit({ facts, threads, signal, features, shards, connect }, examples, options);
    });
    signal.throwIfAborted();
    if (source === undefined) await running.setHead(placed);
    else await running.reload(source);
    return report;
  }, signal);
}

/** Puts in place the head that a model is loaded with; without it, there is no model. */
export async function placeFirst(running: Running, placed: PlacedHead): Promise<void> {
  try {
    await running.setHead(placed);
  } catch (error) {
    await running.dispose();
    throw error;
  }
  const featuresOf = (of: { weights: string | null; precision: string }) => `${of.weights} in ${of.precision}`;
  const { name, precision } = running.facts;
  const [from, to] = [featuresOf(placed.head), featuresOf({ weights: name, precision })];
  if (from !== to)
    console.warn(`resnet50-wasm: the head was trained on features of ${from}, not of ${to}: its answers will be poor`);
}
