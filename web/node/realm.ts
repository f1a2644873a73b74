/**
 * What an engine needs from Node: cores from the package's files, weights from folders or over HTTP.
 */
import type { Realm } from '../host/engine.js';
import { folderStore } from '../weights/cache-folder.node.js';
import { DiskFolder } from '../weights/folder-disk.node.js';
import { HttpFolder } from '../weights/folder-http.js';
import { inflateOnThreads } from '../weights/inflate.node.js';
import { advisedFolder } from '../weights/proxy.node.js';
import { fetchSameOrigin } from '../weights/redirects.node.js';
import { loadGlue } from './load-glue.js';
import { checkCore } from './revectorize.js';

/** The realm of Node, Bun and Deno. */
export const nodeRealm: Realm = {
  loadFactory: loadGlue,
  checkCore,
  openFolder: (address) =>
    /^https?:/.test(address)
      ? advisedFolder(new HttpFolder(address, folderStore, undefined, inflateOnThreads, fetchSameOrigin))
      : new DiskFolder(address),
};
