// A stage for browser tests: a server with the installed package, weights and pictures, a browser context, pages in it.
import { after, before } from 'node:test';
import { launch, openPage } from './browsers.mjs';
import { startServer } from './server.mjs';
import { serverOptions } from './server-options.mjs';
import { newContext } from './shared-browsers.mjs';

/**
 * Sets up a server and a browser context for the tests of a `describe`.
 * @param {object} [options] of the server
 * @param {object} [launchOptions] if given, the browser is not the shared one but launched with these
 * @returns an object with `server`, `context`, `lines` (the console) and `open(use, path)`, filled before the first test,
 *   and `browser` if it was launched
 */
export function stage(browserName, options = {}, launchOptions = undefined) {
  const set = { lines: [] };
  // Under automation WebKit has only private windows, which forget a cache as soon as nothing refers to it: the page does.
  const inMemory = browserName === 'webkit';
  before(async () => {
    set.server = await startServer(serverOptions(options));
    set.browser = launchOptions && (await launch(browserName, launchOptions));
    set.context = set.browser?.defaultBrowserContext() ?? (await newContext(browserName));
  });
  after(async () => {
    set.server?.close(); // first: closing a browser that crashed fails, and an open server would keep the process
    await (set.browser ?? set.context)?.close();
  });
  /** A fresh page, closed after `use`. */
  set.open = async (use, path = '/') => {
    set.lines.length = 0;
    const page = await openPage(set.context, new URL(path, set.server.origin).href, set.lines);
    try {
      return await use(page);
    } finally {
      await page.close();
    }
  };
  /** The same with Cache Storage and fault counters empty. */
  set.fresh = (use, path) =>
    set.open(async (page) => {
      await page.evaluate(async (hold) => {
        for (const key of await caches.keys()) await caches.delete(key);
        if (hold) globalThis.held = await caches.open('resnet50-wasm-1');
      }, inMemory);
      set.server.requests.length = 0;
      return use(page);
    }, path);
  return set;
}
