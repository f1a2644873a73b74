/**
 * Modules that are loaded by the first call that needs them.
 */
import { adopt, describe, fetchFailed } from '../base/errors.js';

/** What is in extras.ts. */
export type Extras = typeof import('./extras.js');

/**
 * Something of a module that is loaded late; its errors are ours.
 * @throws ResNet50Error FETCH_FAILED if the module cannot be loaded; what `use` throws
 */
export async function withLate<M, T>(loading: Promise<M>, use: (module: M) => T | Promise<T>): Promise<T> {
  const module = await loading.catch((cause) => {
    throw fetchFailed('a module of resnet50-wasm', `${describe(cause)}: publish all files of its folder`, cause);
  });
  try {
    return await use(module);
  } catch (error) {
    throw adopt(error);
  }
}
