// npm run bench:page [-- ROUNDS] [options]: from opening a page to the first label, in Chromium with a warm cache, and how
// long the page's main thread is kept from its own work meanwhile. Needs weights as the browser tests do, or a folder of them.
//   --cold             every round in a new profile: nothing is cached
//   --weights FOLDER   one with a manifest.json
//   --package DIST     a dist folder in the place of this one's; twice for two side by side, which take turns
//   --line 4g          through a line of that speed and latency ('4g', 'slow-4g'), workers' requests included
//   --immutable        the package's files are served as hosts serve versioned paths: never asked for again
//   --threads 2,1      numbers of threads
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from '../tests/support/browsers.mjs';
import { prepared } from '../tests/support/prepared.mjs';
import { startServer } from '../tests/support/server.mjs';
import { serverOptions } from '../tests/support/server-options.mjs';
import { LINES, slowLine } from '../tests/support/slow-line.mjs';
import { median } from './tools.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cold: { type: 'boolean', default: false },
    weights: { type: 'string' },
    package: { type: 'string', multiple: true, default: [] },
    line: { type: 'string' },
    immutable: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2,1' },
  },
});
const rounds = Number(positionals[0] ?? 15);
/** Rounds before those that count: they fill the caches. */
const WARM_UP = 2;
const { noWeights } = prepared;

function stop(why) {
  console.error(`bench: ${why}`);
  process.exit(1);
}
if (noWeights && !options.weights) stop(noWeights);
if (options.line && !(options.line in LINES))
  stop(`--line ${options.line}: must be ${Object.keys(LINES).join(' or ')}`);

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

const pages = {
  '/bench.html': '<!doctype html><link rel="icon" href="/icon.svg"><script type="module" src="/bench.js"></script>',
  '/bench.js': script,
};

/** One server per package, and its origin on the line that was asked for. */
async function serve(dist) {
  const { folders } = serverOptions();
  if (options.weights) folders['/chosen/'] = resolve(options.weights);
  if (dist !== undefined) folders['/package/dist/'] = resolve(dist);
  const forGood = (_request, response, path) => {
    if (path.startsWith('/package/')) response.setHeader('cache-control', 'public, max-age=31536000, immutable');
  };
  const server = await startServer(serverOptions({ pages, folders, ...(options.immutable && { fault: forGood }) }));
  const { speed, roundTrip } = LINES[options.line] ?? {};
  const line = options.line && (await slowLine(server.origin, speed, roundTrip));
  const close = () => {
    line?.close();
    server.close();
  };
  return { name: dist ?? 'this package', origin: line ? new URL(line.url).origin : server.origin, close };
}

/** One visit, in the shared profile or in a new one. */
async function visit(browser, origin, threads) {
  const profile = options.cold ? await browser.createBrowserContext() : browser;
  const page = await profile.newPage();
  if (options.cold) await new Promise((resolve) => setTimeout(resolve, 1500)); // a new profile's window has pages of its own
  const failed = new Promise((_, reject) => {
    page.once('pageerror', reject);
    page.once('error', reject);
    page.on('requestfailed', (request) => reject(new Error(`${request.url()}: ${request.failure()?.errorText}`)));
  });
  await page.goto(`${origin}/bench.html?threads=${threads}`);
  await Promise.race([page.waitForFunction(() => globalThis.result, { timeout: 180_000 }), failed]);
  const result = await page.evaluate(() => globalThis.result);
  await page.close();
  if (options.cold) await profile.close();
  return result;
}

const inMs = (value) => value.toFixed(0).padStart(6);

function report(results, threads, servers) {
  const [first] = results[0];
  const how = [options.cold ? 'no cache' : 'warm cache', options.line, options.immutable && 'immutable'];
  console.log(
    `${first.info.flavour}, ${threads} thread(s), ${how.filter(Boolean).join(', ')}, median of ${rounds} (least and most), ms since navigation:`,
  );
  servers.forEach(({ name }, i) => {
    if (servers.length > 1) console.log(`${'AB'[i] ?? i}: ${name}`);
  });
  const columns = (of) =>
    results.map((runs) => {
      const values = runs.map(of);
      return `${inMs(median(values))}  ${`(${inMs(Math.min(...values)).trim()} - ${inMs(Math.max(...values)).trim()})`.padEnd(15)}`;
    });
  for (const name of Object.keys(first.times)) {
    console.log(`  ${name.padEnd(14)} ${columns(({ times }) => times[name]).join('  ')}`);
  }
  results.forEach((runs, i) => {
    const gaps = runs.map(({ gap }) => gap);
    const longest = (type) => Math.max(...runs.map(({ longest }) => longest[type])).toFixed(0);
    console.log(
      `  ${servers.length > 1 ? `${'AB'[i] ?? i}: ` : ''}one picture afterwards ${median(runs.map(({ each }) => each)).toFixed(1)}; main thread: longest gap ${median(gaps).toFixed(1)} (worst ${Math.max(...gaps).toFixed(1)}), longest task reported ${longest('longtask')}, longest animation frame reported ${longest('long-animation-frame')} (0: none over 50)`,
    );
  });
}

const servers = await Promise.all((options.package.length > 0 ? options.package : [undefined]).map(serve));
const browser = await launch('chromium');
try {
  for (const threads of options.threads.split(',').map(Number)) {
    const results = servers.map(() => []);
    for (let round = 0; round < rounds + WARM_UP; round++) {
      for (const [i, { origin }] of servers.entries()) {
        const result = await visit(browser, origin, threads);
        if (round >= WARM_UP) results[i].push(result);
      }
    }
    report(results, threads, servers);
  }
} finally {
  await browser.close();
  for (const { close } of servers) close();
}
