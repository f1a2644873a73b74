// One row in a fresh WebKit, the engine of Safari: as chromium.mjs does it, but over WebDriver, which gives a page no functions
// of the harness and tells no process of it. Knows no engine.
import { launch } from '../tests/support/browsers.mjs';
import { filesFor, runtimeFiles } from './chromium.mjs';
import { serve } from './static-server.mjs';

/** Between two looks for the result: a page that is asked computes nothing meanwhile. */
const PAUSE_MS = 500;

async function resultOf(page, timeoutMs) {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    const result = await page.evaluate(() => globalThis.result ?? null);
    if (result !== null) return result;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`no result after ${timeoutMs / 1000} s`);
}

/** The result of a row, { error } included, and `runtimeFiles`. */
export async function runInWebKit(spec, timeoutMs) {
  const server = await serve(filesFor(spec));
  let browser;
  try {
    browser = await launch('webkit');
    const page = await (await browser.createBrowserContext()).newPage();
    await page.goto(`${server.origin}/engine/page.html#${encodeURIComponent(JSON.stringify(spec))}`);
    const result = await resultOf(page, timeoutMs);
    return { ...result, runtimeFiles: runtimeFiles(server.fetched) };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  } finally {
    await browser?.close();
    server.close();
  }
}
