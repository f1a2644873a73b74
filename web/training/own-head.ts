/**
 * A classifier of the user's own in the place of a model's: trained, or given at the load.
 */

import type { Example, FitOptions } from '../client/fit-options.js';
import type { ConnectTrainer, Fitting, TrainedModel } from '../client/training-module.js';
import type { Head } from '../protocol/head.js';
import type { FitReport } from '../protocol/training.js';
import { fit } from './fit.js';

/** What `model.fit` does in its turn. */
export async function fitModel(
  { model, features, signal }: Fitting,
  examples: readonly Example[],
  options: FitOptions,
  connectTrainer: ConnectTrainer,
): Promise<FitReport> {
  const { facts, choice, worker, connection } = await model.live();
  const { workerUrl, wasmUrl } = model.options;
  const where = { worker, workerUrl: workerUrl?.toString(), wasmUrl: wasmUrl?.toString() };
  const trainee = {
    ...{ facts, threads: choice.threads, signal, features },
    shards: () => connection.call('shards', null, { signal }),
    connect: (threads: number) => connectTrainer({ ...where, threads }),
  };
  const { head, source, report } = await fit(trainee, examples, options);
  signal.throwIfAborted();
  if (source === undefined) await model.setHead(head);
  else await model.reload(source);
  return report;
}

/** Puts in place the head that a model is loaded with; without it, there is no model. */
export async function placeFirst(model: TrainedModel, head: Head): Promise<void> {
  try {
    await model.setHead(head);
  } catch (error) {
    await model.dispose();
    throw error;
  }
  const featuresOf = (of: { weights: string | null; precision: string }) => `${of.weights} in ${of.precision}`;
  const { name, precision } = model.facts;
  const [from, to] = [featuresOf(head), featuresOf({ weights: name, precision })];
  if (from !== to)
    console.warn(`resnet50-wasm: the head was trained on features of ${from}, not of ${to}: its answers will be poor`);
}
