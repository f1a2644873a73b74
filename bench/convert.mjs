// npm run bench:convert -- CHECKPOINT [--browser NAME] [--no-threads]: a conversion in a page as its users have it: seconds by
// phase, and the most memory that the page's process occupied meanwhile. NAME is chromium (default) or firefox.
import { basename, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pageBytes } from '../tests/support/browser-memory.mjs';
import { launch } from '../tests/support/browsers.mjs';
import { startServer } from '../tests/support/server.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    browser: { type: 'string', default: 'chromium' },
    threads: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const [checkpoint] = positionals;
if (checkpoint === undefined) {
  console.error('bench: name a checkpoint');
  process.exit(2);
}

const PAGE = `<!doctype html><title>conversion</title><input type="file">
<script type="module">
import { convert } from '/dist/convert.js';
globalThis.state = { text: '' };
document.querySelector('input').addEventListener('change', async ({ target }) => {
  const begun = performance.now();
  const seconds = {};
  try {
    const made = await convert(target.files[0], {
      transforms: 'V1',
      onProgress({ phase, fraction }) {
        seconds[phase] ??= (performance.now() - begun) / 1000;
        globalThis.state.text = Math.round(100 * fraction) + ' % ' + phase;
      },
    });
    const bytes = [...made.files.values()].reduce((sum, file) => sum + file.length, 0);
    globalThis.state.done = { seconds: (performance.now() - begun) / 1000, began: seconds, bytes };
  } catch (error) {
    globalThis.state.failed = String(error);
  }
});
</script>`;

const root = fileURLToPath(new URL('..', import.meta.url));
const server = await startServer({
  folders: { '/dist/': join(root, 'dist') },
  pages: { '/': PAGE },
  isolated: values.threads,
});
const browser = await launch(values.browser);
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error));
  await page.goto(server.origin);
  await page.waitForFunction(() => globalThis.state !== undefined);
  const before = pageBytes(browser);
  let peak = before;
  await (await page.$('input')).uploadFile(resolve(checkpoint));
  for (let i = 0; ; i++) {
    peak = Math.max(peak, pageBytes(browser));
    await pause(100);
    if (i % 50 > 0) continue;
    const { text, done, failed } = await page.evaluate(() => globalThis.state);
    process.stderr.write(`${text}, ${Math.round(peak / 1e6)} MB at most so far\n`);
    if (failed !== undefined) throw new Error(failed);
    if (done === undefined) continue;
    const facts = { ...done, peak: Math.round(peak / 1e6), before: Math.round(before / 1e6) };
    console.log(`${values.browser}, ${basename(checkpoint)}: ${JSON.stringify(facts)}`);
    break;
  }
} finally {
  server.close();
  await browser.close();
}
