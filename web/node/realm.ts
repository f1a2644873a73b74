/**
 * What an engine needs from Node: cores beside this module, weights from folders or over HTTP.
 */
import type { Flavour } from '../base/engine-support.js';
import type { CoreFactory } from '../core/start.js';
import type { Realm } from '../host/engine.js';
import { folderStore } from '../weights/cache-folder.node.js';
import { DiskFolder } from '../weights/folder-disk.node.js';
import { HttpFolder } from '../weights/folder-http.js';
import { inflateOnThreads } from '../weights/inflate.node.js';
import { advisedFolder } from '../weights/proxy.node.js';

const FACTORIES: Readonly<Record<Flavour, () => Promise<{ default: CoreFactory }>>> = {
  simd: () => import('./wasm/resnet50-simd.mjs'),
  'simd-threads': () => import('./wasm/resnet50-simd-threads.mjs'),
  relaxed: () => import('./wasm/resnet50-relaxed.mjs'),
  'relaxed-threads': () => import('./wasm/resnet50-relaxed-threads.mjs'),
};

/** The realm of Node, Bun and Deno. */
export const nodeRealm: Realm = {
  loadFactory: async (flavour) => (await FACTORIES[flavour]()).default,
  openFolder: (address, precision) =>
    /^https?:/.test(address)
      ? advisedFolder(new HttpFolder(address, folderStore, precision, undefined, inflateOnThreads))
      : new DiskFolder(address),
};
