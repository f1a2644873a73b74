/**
 * A host in the same thread.
 */

import { localPort } from '../protocol/local-port.js';
import type { Port } from '../protocol/messages.js';
import type { Realm } from './engine.js';
import { Host } from './host.js';

/** Starts a host of an engine in place. */
export const startHostInPlace = (realm: Realm): Port => localPort((post) => new Host(realm, post));
