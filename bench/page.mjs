// npm run bench:page [-- ROUNDS] [--cold] [--weights FOLDER]: from opening a page to the first label, in Chromium with a
// warm cache (or, every round in a new profile, with none), and how long the page's main thread is kept from its own work
// meanwhile. Needs weights as the browser tests do, or a folder of them (one with a manifest.json).
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from '../tests/support/browsers.mjs';
import { prepared } from '../tests/support/prepared.mjs';
import { startServer } from '../tests/support/server.mjs';
import { serverOptions } from '../tests/support/server-options.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { cold: { type: 'boolean', default: false }, weights: { type: 'string' } },
});
const rounds = Number(positionals[0] ?? 15);
const { noWeights } = prepared;
if (noWeights && !options.weights) {
  console.error(`bench: ${noWeights}`);
  process.exit(1);
}

// The module notes when things happen, in milliseconds since the navigation began. The longest gap between the turns of
// a message loop, the longest task and the longest animation frame say how busy the main thread was.
const script = `
import { ResNet50 } from '/package/dist/index.js';
const times = { imported: performance.now() };
let gap = 0, last = performance.now(), running = true;
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => {
  const now = performance.now();
  gap = Math.max(gap, now - last);
  last = now;
  if (running) setTimeout(() => { last = performance.now(); port2.postMessage(0); }, 1);
};
port2.postMessage(0);
const longest = {};
for (const type of ['longtask', 'long-animation-frame']) {
  longest[type] = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest[type] = Math.max(longest[type], duration);
  }).observe({ type, buffered: true });
}
const threads = Number(new URLSearchParams(location.search).get('threads'));
const onProgress = ({ phase, loaded }) => {
  times[phase === 'weights' ? 'first weights' : phase] ??= performance.now();
  if (phase === 'weights') times['last weights'] = performance.now();
};
const model = await ResNet50.load({ weights: '${options.weights ? '/chosen/' : '/weights/pqf/'}', threads, onProgress });
times.loaded = performance.now();
await model.classify('/pictures/clock.jpg', { topK: 1 });
times['first label'] = performance.now();
let sum = 0;
for (let i = 0; i < 10; i++) {
  const begun = performance.now();
  await model.classify('/pictures/clock.jpg');
  sum += performance.now() - begun;
}
running = false;
await new Promise((resolve) => setTimeout(resolve, 50));
const info = model.info();
await model.dispose();
globalThis.result = { times, gap, longest, info, each: sum / 10 };
`;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const pages = {
  '/bench.html': '<!doctype html><link rel="icon" href="/icon.svg"><script type="module" src="/bench.js"></script>',
  '/bench.js': script,
};
const { folders } = serverOptions();
if (options.weights) folders['/chosen/'] = resolve(options.weights);
const server = await startServer(serverOptions({ pages, folders }));
const browser = await launch('chromium');
try {
  for (const threads of [2, 1]) {
    const results = [];
    for (let round = 0; round <= rounds; round++) {
      const profile = options.cold ? await browser.createBrowserContext() : browser;
      const page = await profile.newPage();
      await page.goto(`${server.origin}/bench.html?threads=${threads}`);
      await page.waitForFunction(() => globalThis.result, { timeout: 60_000 });
      if (round > 0) results.push(await page.evaluate(() => globalThis.result)); // the first fills the cache
      await page.close();
      if (options.cold) await profile.close();
    }
    const { flavour } = results[0].info;
    console.log(
      `${flavour}, ${threads} thread(s), ${options.cold ? 'no' : 'warm'} cache, median of ${rounds} (least and most), ms since navigation:`,
    );
    for (const name of Object.keys(results[0].times)) {
      const values = results.map(({ times }) => times[name]);
      console.log(
        `  ${name.padEnd(14)} ${median(values).toFixed(0).padStart(5)}  (${Math.min(...values).toFixed(0)} - ${Math.max(...values).toFixed(0)})`,
      );
    }
    console.log(`  one picture afterwards ${median(results.map(({ each }) => each)).toFixed(1)}`);
    const gaps = results.map(({ gap }) => gap);
    console.log(
      `  main thread: longest gap ${median(gaps).toFixed(1)} (worst ${Math.max(...gaps).toFixed(1)}), longest task reported ${Math.max(...results.map(({ longest }) => longest.longtask))}, longest animation frame reported ${Math.max(...results.map(({ longest }) => longest['long-animation-frame'])).toFixed(0)} (0: none over 50)`,
    );
  }
} finally {
  await browser.close();
  server.close();
}
