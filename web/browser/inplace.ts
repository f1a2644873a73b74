/**
 * A host in the page's own thread, loaded only where it is wanted. Threads need a worker, so there are two flavours.
 */

import type { Flavour } from '../base/engine-support.js';
import type { CoreFactory } from '../core/start.js';
import { startHostInPlace } from '../host/in-place.js';
import type { Port } from '../protocol/messages.js';
import { browserRealm } from './realm.js';

async function loadFactory(flavour: Flavour): Promise<CoreFactory> {
  if (flavour === 'relaxed') return (await import('./wasm/resnet50-relaxed.mjs')).default;
  return (await import('./wasm/resnet50-simd.mjs')).default;
}

/** Starts a host in place. */
export const startInPlace = async (_flavour: Flavour): Promise<Port> => startHostInPlace(browserRealm(loadFactory));
