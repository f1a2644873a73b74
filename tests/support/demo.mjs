// What the demo's tests need: the demo's own server, a plain static host, and pages that remember whatever they complained
// about or asked of others.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, extname } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './prepare.mjs';
import { startServer } from './server.mjs';
import { newContext } from './shared-browsers.mjs';

/** Runs one of the demo's commands to its end. */
export function run(args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'], ...options });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('close', (status) => resolve({ status, stderr }));
  });
}

/** Pages that begin empty: what most tests are about begins with a picture of their own. */
export const EMPTY = '--no-first-look';

/** Starts demo/serve.mjs on a free port, with pages that begin empty; resolves to its address and what it said. */
export const serveDemo = (weights, ...options) => serveWhole(weights, EMPTY, ...options);

/** The same with what visitors see first. */
export async function serveWhole(weights, ...options) {
  const args = ['demo/serve.mjs', '--no-build', '--port', '0', '--weights', weights, ...options];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  const url = await new Promise((resolve, reject) => {
    let address;
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      address ??= /http:\/\/localhost:\d+\//.exec(line)?.[0];
      if (/serving/.test(line)) resolve(address);
    });
    child.on('close', (status) => reject(new Error(`demo/serve.mjs ended with ${status}: ${said.join('; ')}`)));
  });
  const close = () =>
    new Promise((resolve) => {
      child.on('close', resolve);
      child.kill();
    });
  return { url, said: said.join('\n'), close };
}

/**
 * A host that only hands out files, without isolation or a policy, under a path. Nothing may be cached: of a cached page,
 * a reload by Chromium itself gives one that is controlled by the service worker but not isolated, and it stays 'Starting'.
 */
export async function serveStatic(folder, base) {
  const server = await startServer({ folders: { [base]: folder }, caching: 'no-store' });
  return { url: `http://localhost:${server.port}${base}`, requests: server.requests, close: server.close };
}

/** Hosts that Chromium asks by itself, for updates, the time, accounts and text fields, whatever its flags say. */
const BROWSERS_OWN =
  /^(http:\/\/)?(update\.googleapis|content-autofill\.googleapis|clients2\.google|accounts\.google)\.com[:/]/;

/** What Firefox says by itself when an image is none. */
const BROWSERS_WORDS = /Image corrupt or truncated\./;

/** Whatever a browser asks of other hosts than this one ends here and is written down. */
async function startForeignTrap() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(request.url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { asked, address: `127.0.0.1:${server.address().port}`, close };
}

/**
 * Opens pages in contexts of the shared browser. `foreign()` lists what the pages asked of other hosts, workers' requests
 * included.
 */
export async function startVisits(browserName = 'chromium') {
  const trap = await startForeignTrap();
  /** A page in a new context (no cache, no service worker of others). */
  const open = (t, url, options) => openPage(t, { browserName, proxyServer: trap.address }, url, options);
  /** An empty page in a new context, for what must be watched from the first request on or never gets ready. */
  const blank = async (t) => {
    const context = await newContext(browserName, { proxyServer: trap.address });
    t.after(() => context.close());
    return context.newPage();
  };
  return { open, blank, foreign: () => trap.asked.filter((address) => !BROWSERS_OWN.test(address)), close: trap.close };
}

/** `faults` gathers errors of the page and of its console; `before(page)` prepares it before it goes to the address. */
async function openPage(t, { browserName, ...options }, url, { width = 1280, features, downloads, before } = {}) {
  const downloadBehavior = downloads && { policy: 'allow', downloadPath: downloads };
  const context = await newContext(browserName, { ...options, features, downloadBehavior });
  t.after(() => context.close());
  const page = Object.assign(await context.newPage(), { browserName });
  const faults = [];
  page.on('pageerror', (error) => BROWSERS_WORDS.test(error) || faults.push(String(error)));
  const isFault = (message) => ['error', 'warn'].includes(message.type()) && !BROWSERS_WORDS.test(message.text());
  page.on('console', (message) => isFault(message) && faults.push(message.text()));
  await page.setViewport({ width, height: 860 });
  await (features && page.emulateMediaFeatures?.(features));
  await before?.(page);
  await page.goto(url);
  await page.waitForSelector('html[data-ready]');
  return { page, faults, context };
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent);

/** What the page shows, in the words of its elements. */
export const shown = {
  notice: (page) => page.$eval('#notice', (e) => (e.hidden ? '' : e.textContent)),
  status: (page) => text(page, '#status'),
  timing: (page) => text(page, '#timing'),
  facts: (page) => text(page, '#facts'),
  progress: (page) => text(page, '#progress-text'),
  labels: (page) => page.$$eval('#guesses:not([hidden]) .label', (all) => all.map((e) => e.textContent)),
  shares: (page) => page.$$eval('#guesses .share', (all) => all.map((e) => e.textContent)),
};

/** Waits until the network is ready. */
export const networkReady = (page) => page.waitForSelector('#facts:not([hidden])', { timeout: 60_000 });

/** Waits until the best guess is `label`. */
export const bestGuess = (page, label) =>
  page.waitForFunction(
    (wanted) => document.querySelector('#guesses:not([hidden], .ghost) .label')?.textContent === wanted,
    { timeout: 60_000 },
    label,
  );

/** Waits until an element stands still: the page glides to a new picture. */
const rest = (page, selector) =>
  page.$eval(selector, async (element) => {
    const place = () => JSON.stringify(element.getBoundingClientRect());
    let before;
    do {
      before = place();
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (place() !== before);
  });

/**
 * Clicks on an element once it stands still: the page glides to a new picture, and a click on the way misses, or hits
 * another button.
 */
export async function clickAtRest(page, selector) {
  await rest(page, selector);
  await page.click(selector);
}

/** Waits for a notice and gives it. */
export async function noticed(page) {
  await page.waitForSelector('#notice:not([hidden])');
  return shown.notice(page);
}

const TYPES = { '.jpg': 'image/jpeg', '.png': 'image/png', '.bmp': 'image/bmp', '.json': 'application/json' };

/** Sends an event of the user's with files in the page: what a test does in browsers that let it move no files. */
async function sendFiles(page, type, paths) {
  const read = async (path) => ({
    name: basename(path),
    type: TYPES[extname(path)] ?? '',
    base64: (await readFile(path)).toString('base64'),
  });
  const send = (type, files) => {
    const data = new DataTransfer();
    for (const { name, type, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], name, { type }));
    }
    const field = type === 'paste' ? 'clipboardData' : 'dataTransfer';
    const event = new Event(type, { bubbles: true, cancelable: true });
    Object.defineProperty(event, field, { value: data }); // which Firefox leaves out of the events that scripts make
    document.elementFromPoint(300, 400).dispatchEvent(event);
  };
  await page.evaluate(send, type, await Promise.all(paths.map(read)));
}

/** Drops files on the page: as a user does in Chromium, by an event in other browsers. */
export async function drop(page, files) {
  if (page.browserName !== 'chromium') return sendFiles(page, 'drop', files);
  await rest(page, '#photo'); // events of a drag are lost while the page moves
  const session = await page.createCDPSession();
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, x: 300, y: 400, data });
  }
  await session.detach();
}

/** Puts a PNG on the clipboard and presses Ctrl+V, in Chromium; sends the event in other browsers. */
export async function paste(page, context, file) {
  if (page.browserName !== 'chromium') return sendFiles(page, 'paste', [file]);
  await context.overridePermissions(new URL(page.url()).origin, ['clipboard-read', 'clipboard-sanitized-write']);
  const bytes = (await readFile(file)).toString('base64');
  await page.evaluate(async (base64) => {
    const blob = new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type: 'image/png' });
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
  }, bytes);
  await pressPaste(page);
}

/** Puts words on the clipboard and pastes them, as `paste` does. */
export async function pasteWords(page, context) {
  if (page.browserName !== 'chromium') return sendFiles(page, 'paste', []);
  await context.overridePermissions(new URL(page.url()).origin, ['clipboard-read', 'clipboard-sanitized-write']);
  await page.evaluate(() => navigator.clipboard.writeText('words'));
  await pressPaste(page);
}

async function pressPaste(page) {
  await page.keyboard.down('Control');
  await page.keyboard.press('v', { commands: ['Paste'] });
  await page.keyboard.up('Control');
}
