/**
 * A trainer in the thread of its caller.
 */
import type { CoreFactory } from '../../core/start.js';
import { localPort } from '../../protocol/local-port.js';
import type { Port } from '../../protocol/messages.js';
import { TrainerHost } from './trainer-host.js';

/** Starts a trainer in place. */
export const startTrainerInPlace = (load: () => Promise<CoreFactory>): Port =>
  localPort((post) => new TrainerHost(load, post));
