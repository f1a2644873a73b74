// npm run docs:pictures: the demo page with a heat map, as docs/images/demo-{light,dark}.webp of the README show it.
//   npm run docs:pictures -- --weights FOLDER    weights of ImageNet's thousand classes [as `npm run demo` finds them]
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { launch } from '../tests/support/browsers.mjs';
import { ROOT, SiteError } from './site.mjs';

const SAMPLE = 'clock.jpg';
/** Classified before, so that the time shown is not that of a first picture. */
const WARM_UP = 'soccer-ball.jpg';
const SCHEMES = ['light', 'dark'];
/** CSS pixels: the photo beside its guesses, nothing below them. */
const VIEWPORT = { width: 1080, height: 676, deviceScaleFactor: 1.5 };
/** What a README may weigh, bytes per picture. */
const MOST_BYTES = 150_000;

const samples = JSON.parse(readFileSync(join(ROOT, 'tests', 'data', 'pictures', 'pictures.json'), 'utf8'));

/** The demo's own server on a free port. */
async function serve(args) {
  const child = spawn(process.execPath, [join(ROOT, 'demo', 'serve.mjs'), '--no-build', '--port', '0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    console.error(line);
    const url = /http:\/\/localhost:\d+\//.exec(line)?.[0];
    if (url) return { url, close: () => child.kill() };
  }
  throw new SiteError('the demo could not be served: see above');
}

/** Clicks on a sample and waits for its guesses, the best of which is its label. */
async function classify(page, file) {
  const { label } = samples.find((sample) => sample.file === file);
  await page.$eval(`.sample img[src$="/${file}"]`, (image) => image.closest('button').click());
  const isBest = (wanted) => document.querySelector('#guesses:not([hidden], .ghost) .label')?.textContent === wanted;
  await page.waitForFunction(isBest, { timeout: 60_000 }, label);
}

async function picture(browser, url, scheme) {
  const page = await browser.newPage();
  await page.setViewport(VIEWPORT);
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  await page.goto(url);
  await page.waitForSelector('#facts:not([hidden])', { timeout: 120_000 });
  await classify(page, WARM_UP);
  await classify(page, SAMPLE);
  await page.$eval('#guesses button', (button) => button.click());
  await page.waitForSelector('#photo-heat:not([hidden])', { timeout: 60_000 });
  await page.evaluate(() => scrollTo(0, 0));
  const bytes = await page.screenshot({ type: 'webp', quality: 85 });
  await page.close();
  return bytes;
}

const server = await serve(process.argv.slice(2));
const browser = await launch('chromium');
try {
  for (const scheme of SCHEMES) {
    const bytes = await picture(browser, server.url, scheme);
    const file = join('docs', 'images', `demo-${scheme}.webp`);
    if (bytes.length > MOST_BYTES) throw new SiteError(`${file} has ${bytes.length} bytes, more than ${MOST_BYTES}`);
    mkdirSync(join(ROOT, 'docs', 'images'), { recursive: true });
    writeFileSync(join(ROOT, file), bytes);
    console.log(`${file}: ${bytes.length} bytes`);
  }
} finally {
  await browser.close();
  server.close();
}
