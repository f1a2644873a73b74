/**
 * A host in the same thread.
 */

import { localPort } from '../protocol/local-port.js';
import type { Port } from '../protocol/messages.js';
import type { EngineHost } from './engine.js';
import { Host } from './host.js';

/** Starts a host of an engine in place. */
export const openLocalPort = (engineHost: EngineHost): Port => localPort((post) => new Host(engineHost, post));
