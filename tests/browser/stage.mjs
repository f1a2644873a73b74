// A stage for browser tests: a server with the installed package, weights and pictures, a browser, and a page in it.

import { join } from 'node:path';
import { after, before } from 'node:test';
import { launch, openPage } from './browsers.mjs';
import { prepared, ROOT } from './prepare.mjs';
import { STRICT_CSP, startServer } from './server.mjs';

const ICON = '<svg xmlns="http://www.w3.org/2000/svg"/>';
const BLANK = '<!doctype html><link rel="icon" href="/icon.svg"><title>test</title><body></body>';

/** Everything that the tests serve, and the options of a server for it. */
export function serverOptions(more = {}) {
  const { packageFolder, weightsFolder, pictures } = prepared();
  return {
    folders: {
      '/package/': packageFolder,
      '/weights/': weightsFolder ?? '/nonexistent/',
      '/pictures/': pictures,
      '/cifar10/': join(ROOT, 'tests', 'data', 'cifar10'),
      '/foreign/': join(ROOT, 'tests', 'data', 'foreign'),
      '/tools/': join(ROOT, 'tests', 'browser', 'pages'),
    },
    isolated: true,
    csp: STRICT_CSP,
    ...more,
    pages: { '/': BLANK, '/icon.svg': ICON, ...more.pages },
  };
}

/**
 * Sets up a server and a browser for the tests of a `describe`.
 * @returns an object with `server`, `browser`, `lines` (the console) and `open(path)`, filled before the first test
 */
export function stage(browserName, options = {}, launchOptions = {}) {
  const set = { lines: [] };
  before(async () => {
    set.server = await startServer(serverOptions(options));
    set.browser = await launch(browserName, launchOptions);
  });
  after(async () => {
    await set.browser?.close();
    set.server?.close();
  });
  /** A fresh page, closed after `use`. */
  set.open = async (use, path = '/') => {
    set.lines.length = 0;
    const page = await openPage(set.browser, new URL(path, set.server.origin).href, set.lines);
    try {
      return await use(page);
    } finally {
      await page.close();
    }
  };
  /** The same with Cache Storage and fault counters empty. */
  set.fresh = (use, path) =>
    set.open(async (page) => {
      await page.evaluate(async () => {
        for (const key of await caches.keys()) await caches.delete(key);
      });
      set.server.requests.length = 0;
      return use(page);
    }, path);
  return set;
}

/** A head (pages/tools.mjs) as Node trains it with the same package and weights: SHA-256 of the saved file. */
export async function headInNode(files) {
  const { packageFolder, weightsFolder, pictures } = prepared();
  const { ResNet50 } = await import(join(packageFolder, 'dist', 'index.node.js'));
  const { hashOfHead } = await import('./pages/tools.mjs');
  const model = await ResNet50.load({ weights: join(weightsFolder, 'pqf') });
  const hash = await hashOfHead(
    model,
    files.map((file) => join(pictures, file)),
  );
  await model.dispose();
  return hash;
}

/** What tools.mjs's `finetuned` gives in Node, on one thread. */
export async function finetunedInNode() {
  const { packageFolder, weightsFolder } = prepared();
  const { ResNet50 } = await import(join(packageFolder, 'dist', 'index.node.js'));
  const { finetuned } = await import('./pages/tools.mjs');
  const model = await ResNet50.load({ weights: join(weightsFolder, 'pqf'), threads: 1 });
  const { hash } = await finetuned(model);
  await model.dispose();
  return hash;
}

/** Logits of pictures as Node computes them with the same package and weights: SHA-256 of each row by file name. */
export async function logitsInNode(files, options = {}) {
  const { packageFolder, weightsFolder, pictures } = prepared();
  const { ResNet50 } = await import(join(packageFolder, 'dist', 'index.node.js'));
  const { hashOf } = await import('./pages/tools.mjs');
  const model = await ResNet50.load({ weights: join(weightsFolder, 'pqf'), ...options });
  const hashes = {};
  for (const file of files) hashes[file] = await hashOf(await model.logits(join(pictures, file)));
  await model.dispose();
  return hashes;
}
