/**
 * The float32 network, for commands that take it where the weights have it.
 */
import type { ResNet50Error } from '../base/errors.js';
import type { LoadOptions, ResNet50 } from '../index.node.js';
import { loadWithProgress } from './load.js';

/** The model of a load, or undefined where its weights are not there in that precision. */
export function unlessMissing<T>(load: Promise<T>): Promise<T | undefined> {
  return load.catch((error) => {
    if ((error as ResNet50Error).code === 'WEIGHTS_NOT_FOUND') return undefined;
    throw error;
  });
}

/** Undefined where the weights are not there in float32 (or not at all: a load of any precision then says so). */
export const loadFloat = (options: LoadOptions): Promise<ResNet50 | undefined> =>
  unlessMissing(loadWithProgress({ ...options, precision: 'f32' }));
