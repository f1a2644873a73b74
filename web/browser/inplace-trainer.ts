/** A trainer in the page's own thread: an entry of its own, so that only pages that need it load it. */
import { startTrainerInPlace } from '../host/training/in-place.js';
import type { Port } from '../protocol/messages.js';

/** Starts a trainer in place. Threads need a worker, so there is one core. */
export const startInPlace = async (): Promise<Port> =>
  startTrainerInPlace(async () => (await import('./wasm/resnet50-trainer-simd.mjs')).default);
