/**
 * A trainer in this very thread, loaded only where it is wanted and no worker can be had.
 */
import { localPort } from '../../protocol/local-port.js';
import type { Port } from '../../protocol/messages.js';
import { TrainerHost } from './trainer-host.js';

const load = async () => (await import('./wasm/resnet50-trainer-simd.mjs')).default;

/** Starts a trainer in place. */
export const startTrainerInPlace = async (): Promise<Port> => localPort((post) => new TrainerHost(load, post));
