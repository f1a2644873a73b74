// npm run bench:demo [-- ROUNDS] [options]: from opening the demo to the first label, in Chromium, as a new visitor (a new
// profile each time) and as a returning one. The page's address names a sample, so nobody has to click.
//   --line 4g          through a line of that speed and latency ('4g', 'slow-4g'), workers' requests included
//   --weights FOLDER   one with a manifest.json
//   --url URL          a demo that is served already
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from '../tests/support/browsers.mjs';
import { LINES, slowLine } from '../tests/support/slow-line.mjs';
import { testWeights, weightsMissing } from '../tests/test-weights.mjs';
import { serveDemo } from './demo-server.mjs';
import { median } from './tools.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { line: { type: 'string' }, weights: { type: 'string' }, url: { type: 'string' } },
});
const rounds = Number(positionals[0] ?? 5);
const missing = options.weights || options.url ? undefined : weightsMissing();
const unknown = options.line !== undefined && !(options.line in LINES);
if (unknown || missing) {
  console.error(`bench: ${missing ?? `--line ${options.line}: must be ${Object.keys(LINES).join(' or ')}`}`);
  process.exit(1);
}

/** Runs in the page before its own scripts: notes when buttons work, when the network is there, and when its own guess is. */
function watch() {
  const GUESS = '#guesses:not([hidden], .ghost) .label';
  // What the page begins with is another sample's.
  const MARKS = {
    alive: 'html[data-ready]',
    loaded: '#facts:not([hidden])',
    label: `body:has(.sample[aria-current="true"] img[src$="basketball.jpg"]) ${GUESS}`,
  };
  globalThis.marks = {};
  new MutationObserver(() => {
    for (const [name, selector] of Object.entries(MARKS)) {
      if (document.querySelector(selector)) globalThis.marks[name] ??= performance.now();
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

/** One visit; gives milliseconds since the navigation by name. */
async function visit(profile, url) {
  const page = await profile.newPage();
  await new Promise((resolve) => setTimeout(resolve, 1500)); // the browser's own pages of a new profile
  await page.evaluateOnNewDocument(watch);
  await page.goto(url);
  await page.waitForFunction(() => globalThis.marks.label, { timeout: 180_000 });
  const { marks, paint } = await page.evaluate(() => ({
    marks: globalThis.marks,
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  }));
  await page.close();
  return { paint, ...marks };
}

const seconds = (values) =>
  `${(median(values) / 1000).toFixed(2)} (${(Math.min(...values) / 1000).toFixed(2)} - ${(Math.max(...values) / 1000).toFixed(2)})`;

function report(who, visits) {
  console.log(
    `${who}, ${options.line ?? 'this machine'}, median of ${visits.length} (least and most), s since navigation:`,
  );
  const names = { paint: 'first paint', alive: 'buttons work', loaded: 'network loaded', label: 'first label' };
  for (const [mark, name] of Object.entries(names)) {
    console.log(`  ${name.padEnd(16)} ${seconds(visits.map((times) => times[mark]))}`);
  }
}

const demo = options.url
  ? { url: options.url, close() {} }
  : await serveDemo(resolve(options.weights ?? (await testWeights())));
const { speed, roundTrip } = LINES[options.line] ?? {};
const line = options.line && (await slowLine(demo.url, speed, roundTrip));
const url = new URL('#sample=basketball.jpg', line ? line.url : demo.url).href;
const browser = await launch('chromium');
try {
  const [fresh, returning] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const profile = await browser.createBrowserContext();
    fresh.push(await visit(profile, url));
    returning.push(await visit(profile, url));
    await profile.close();
  }
  report('new visitor', fresh);
  report('returning visitor', returning);
} finally {
  await browser.close();
  line?.close();
  demo.close();
}
