/**
 * What an engine needs from a browser: weights over HTTP with Cache Storage, and the browser's own image decoders.
 */

import type { Flavour } from '../base/engine-support.js';
import type { CoreFactory } from '../core/start.js';
import type { Realm } from '../host/engine.js';
import { cacheStorageStore } from '../weights/cache-storage.js';
import { HttpFolder } from '../weights/folder-http.js';
import { browserImages } from './images.js';

/** A realm whose cores come from `loadFactory`. */
export function browserRealm(loadFactory: (flavour: Flavour) => Promise<CoreFactory>): Realm {
  const store = cacheStorageStore();
  return {
    loadFactory,
    openFolder: (address) => new HttpFolder(address, store),
    ...browserImages,
  };
}
