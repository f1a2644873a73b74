// npm run bench:camera [-- ROUNDS] [options]: how many of the camera's frames the demo looks at in a second, in Chromium, whose own fake
// camera gives 60 of 640x480 pixels: with threads and without, with the live map and without.
//   --seconds N        of each look, after three to warm up  [10]
//   --weights FOLDER   one with a manifest.json
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from '../tests/support/browsers.mjs';
import { testWeights, weightsMissing } from '../tests/test-weights.mjs';
import { serveDemo } from './demo-page.mjs';
import { median, tableLines } from './tools.mjs';

const WARM_UP_MS = 3000;
const FLAGS = ['--use-fake-device-for-media-stream=fps=60'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '10' }, weights: { type: 'string' } },
});
const rounds = Number(positionals[0] ?? 3);
const missing = options.weights ? undefined : weightsMissing();
if (missing) {
  console.error(`bench: ${missing}`);
  process.exit(1);
}

/** In the page, before its scripts: counts the frames that it asks for. */
function count() {
  const { prototype } = HTMLVideoElement;
  const ask = prototype.requestVideoFrameCallback;
  globalThis.asked = 0;
  prototype.requestVideoFrameCallback = function (...args) {
    globalThis.asked++;
    return ask.apply(this, args);
  };
}

/** In the page: frames in this time, and lines such as '47 ms per frame · 20 frames per second · 1 thread'. */
async function listen(ms) {
  const timing = document.querySelector('#timing');
  const lines = [];
  const observer = new MutationObserver(() => lines.push(timing.textContent));
  const before = globalThis.asked;
  observer.observe(timing, { childList: true });
  await new Promise((resolve) => setTimeout(resolve, ms));
  observer.disconnect();
  return { frames: globalThis.asked - before, lines };
}

/** One look through the camera. */
async function look(browser, url, withMap) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.evaluateOnNewDocument(count);
    await page.goto(url);
    await page.waitForSelector('#progress[data-state="ready"]', { timeout: 120_000 });
    await page.$eval('#camera', (button) => button.click());
    await page.waitForSelector('#camera-map:not([hidden])');
    if (withMap) await page.$eval('#camera-map', (button) => button.click());
    await pause(WARM_UP_MS);
    const { frames, lines } = await page.evaluate(listen, 1000 * options.seconds);
    const [, threads] = /(\d+) threads?/.exec(lines[0]);
    const times = lines.map((line) => Number.parseFloat(line));
    return { threads, perSecond: frames / options.seconds, time: median(times) };
  } finally {
    await context.close();
  }
}

const weights = resolve(options.weights ?? (await testWeights()));
const sites = await Promise.all([serveDemo(weights, '--no-isolation'), serveDemo(weights)]);
const browser = await launch('chromium', { flags: FLAGS });
const looks = new Map();
try {
  for (let round = 0; round < rounds; round++) {
    for (const { url } of sites) {
      for (const withMap of [false, true]) {
        const seen = await look(browser, url, withMap);
        const key = [seen.threads, withMap ? 'yes' : 'no'].join();
        looks.set(key, [...(looks.get(key) ?? []), seen]);
      }
    }
  }
} finally {
  await browser.close();
  for (const site of sites) site.close();
}
const rows = [...looks].map(([key, all]) => {
  const rates = all.map(({ perSecond }) => perSecond);
  const range = `${Math.min(...rates).toFixed(1)} - ${Math.max(...rates).toFixed(1)}`;
  return [...key.split(','), median(rates).toFixed(1), range, median(all.map(({ time }) => time)).toFixed(0)];
});
console.log(tableLines([['threads', 'map', 'frames per second', 'least - most', 'ms per frame'], ...rows]).join('\n'));
