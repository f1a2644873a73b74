/** Node's worker thread of a network. */
import { Host } from '../host/host.js';
import { nodeRealm } from './realm.js';
import { serve } from './serve.js';

serve((post) => new Host(nodeRealm, post));
