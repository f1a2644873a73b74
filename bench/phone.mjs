// npm run bench:phone [-- ROUNDS] [options]: the demo and the package on a small device, as a new visitor in Chromium: one
// thread, processor time and memory limited by control groups (Linux; where those cannot be made, it says so, and
// Chromium's own throttling is used). Seconds from opening the page to the first label and for each picture after it, and the
// most memory that the page's process had.
//   --slowdown 4,6     parts of a core: 4 is a quarter
//   --memory 256       MB
//   --weights FOLDER   one with a manifest.json
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from '../tests/support/browsers.mjs';
import { startServer } from '../tests/support/server.mjs';
import { serverOptions } from '../tests/support/server-options.mjs';
import { testWeights, weightsMissing } from '../tests/test-weights.mjs';
import { SAMPLE, serveDemo, watchDemo } from './demo-page.mjs';
import { smallDevice } from './small-device.mjs';
import { median } from './tools.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slowdown: { type: 'string', default: '4,6' },
    memory: { type: 'string', default: '256' },
    weights: { type: 'string' },
  },
});
const rounds = Number(positionals[0] ?? 3);
const memory = Number(options.memory);
const missing = options.weights ? undefined : weightsMissing();
if (missing) {
  console.error(`bench: ${missing}`);
  process.exit(1);
}
const LIMIT = 300_000;
const weights = resolve(options.weights ?? (await testWeights()));

/** What a phone's camera makes: 12 megapixels. By a browser that has the memory for it. */
async function phonePhoto() {
  const browser = await launch('chromium');
  try {
    const page = await browser.newPage();
    const text = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(4032, 3024);
      const context = canvas.getContext('2d');
      for (let i = 0; i < 4000; i++) {
        context.fillStyle = `hsl(${(i * 137) % 360} 60% ${20 + (i % 60)}%)`;
        context.fillRect((i * 7919) % 4032, (i * 6101) % 3024, 40 + (i % 200), 40 + (i % 150));
      }
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
      return bytes.toBase64?.() ?? btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    });
    return Buffer.from(text, 'base64');
  } finally {
    await browser.close();
  }
}

const SCRIPT = `
import { ResNet50 } from '/package/dist/index.js';
const timed = async (work) => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};
try {
  const model = await ResNet50.load({ weights: '/chosen/', threads: 1 });
  const loaded = performance.now();
  await model.classify('/pictures/clock.jpg');
  const label = performance.now();
  const each = [];
  for (let i = 0; i < 5; i++) each.push(await timed(() => model.classify('/pictures/clock.jpg')));
  const photo = await timed(() => model.classify('/taken/photo.jpg'));
  globalThis.result = { loaded, label, each: each.sort((a, b) => a - b)[2], photo };
} catch (error) {
  globalThis.result = { error: String(error) };
}
`;

async function servePackage() {
  const { folders } = serverOptions();
  const taken = mkdtempSync(join(tmpdir(), 'resnet50-wasm-photo-'));
  writeFileSync(join(taken, 'photo.jpg'), await phonePhoto());
  const pages = {
    '/phone.html': '<!doctype html><link rel="icon" href="/icon.svg"><script type="module" src="/phone.js"></script>',
    '/phone.js': SCRIPT,
  };
  const server = await startServer(
    serverOptions({ pages, folders: { ...folders, '/chosen/': weights, '/taken/': taken } }),
  );
  const close = () => {
    server.close();
    rmSync(taken, { recursive: true });
  };
  return { url: `${server.origin}/phone.html`, close };
}

/** How each page is visited: what to do before it opens, and what it gives in the end, milliseconds by name. */
const PAGES = {
  demo: {
    serve: async () => {
      const { url, close } = await serveDemo(weights, '--no-isolation');
      return { url: new URL(SAMPLE, url).href, close };
    },
    async visit(page, url) {
      await page.evaluateOnNewDocument(watchDemo);
      await page.goto(url);
      await page.waitForFunction(() => globalThis.marks.label, { timeout: LIMIT });
      const { loaded, label } = await page.evaluate(() => globalThis.marks);
      const again = () =>
        page.evaluate(async () => {
          const shown = () => document.querySelector('#timing').textContent;
          document.querySelector('.sample[aria-current="true"]').click();
          await new Promise((done) => setTimeout(done, 300));
          while (document.querySelector('#guesses').ariaBusy === 'true')
            await new Promise((done) => setTimeout(done, 50));
          return Number.parseFloat(shown()) * (/^[\d.]+\s*s/.test(shown()) ? 1000 : 1);
        });
      const each = [];
      for (let i = 0; i < 3; i++) each.push(await again());
      return { loaded, label, each: median(each) };
    },
  },
  package: {
    serve: servePackage,
    async visit(page, url) {
      await page.goto(url);
      await page.waitForFunction(() => globalThis.result, { timeout: LIMIT });
      return page.evaluate(() => globalThis.result);
    },
  },
};

/** One visit in a new browser on a small device. */
async function visit({ visit: look }, url, slowdown) {
  const device = smallDevice({ slowdown, memory });
  let browser;
  try {
    browser = await launch('chromium', { flags: device.flags });
    const [page] = await browser.pages();
    const ended = new Promise((_, reject) => page.on('error', () => reject(new Error('the page was ended'))));
    ended.catch(() => undefined);
    if (device.missing.includes('processor')) await page.emulateCPUThrottling(slowdown);
    const times = await Promise.race([look(page, url), ended]).catch((error) => ({ error: error.message }));
    return { ...times, peak: device.peak(), missing: device.missing };
  } finally {
    await browser?.close();
    await device.close();
  }
}

const NAMES = { loaded: 'network loaded', label: 'first label', each: 'each picture after it', photo: 'a 12 MP photo' };

function report(name, slowdown, visits) {
  const worked = visits.filter(({ error }) => error === undefined);
  console.log(
    `${name}, 1/${slowdown} of a core, ${memory} MB, 1 thread: ${worked.length} of ${visits.length} visits worked`,
  );
  const [{ missing: unlimited }] = visits;
  if (unlimited.length > 0) console.log(`  not limited here (no control group): ${unlimited.join(', ')}`);
  for (const error of new Set(visits.flatMap(({ error }) => error ?? []))) console.log(`  failed: ${error}`);
  const shown = (key, unit, scale) => {
    const values = worked.map((each) => each[key]).filter((value) => value !== undefined);
    if (values.length === 0) return;
    const text = (value) => (value / scale).toFixed(scale === 1 ? 0 : 2);
    const range = `${text(Math.min(...values))} - ${text(Math.max(...values))}`;
    console.log(`  ${(NAMES[key] ?? 'most memory').padEnd(22)} ${text(median(values))} ${unit} (${range})`);
  };
  for (const key of Object.keys(NAMES)) shown(key, 's', 1000);
  shown('peak', 'MB', 1);
}

for (const [name, page] of Object.entries(PAGES)) {
  const server = await page.serve();
  try {
    for (const slowdown of options.slowdown.split(',').map(Number)) {
      const visits = [];
      for (let round = 0; round < rounds; round++) visits.push(await visit(page, server.url, slowdown));
      report(name, slowdown, visits);
    }
  } finally {
    server.close();
  }
}
