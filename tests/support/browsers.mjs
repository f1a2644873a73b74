// Real browsers, each with a temporary profile: Debian's Chromium and Firefox under puppeteer, and its WebKit under WebDriver
// with an interface like puppeteer's (webkit.mjs).
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { launchWebKit, WEBKIT_PROGRAMS } from './webkit.mjs';

const EXECUTABLES = {
  chromium: [process.env.RESNET50_CHROMIUM ?? '/usr/bin/chromium'],
  firefox: [process.env.RESNET50_FIREFOX ?? '/usr/bin/firefox-esr'],
  webkit: WEBKIT_PROGRAMS,
};

const INSECURE_NAME = 'insecure.test';

/**
 * A host name of this machine that a browser takes for a host elsewhere: http from there is no secure context. WebKit maps
 * no names to addresses, but takes only addresses written as IPv4 for this machine.
 */
export const insecureHost = (name) => (name === 'webkit' ? '[::ffff:127.0.0.1]' : INSECURE_NAME);

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--host-resolver-rules=MAP ${INSECURE_NAME} 127.0.0.1`,
];
const FIREFOX_PREFERENCES = {
  'network.dns.localDomains': INSECURE_NAME,
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
};

/** What the tests themselves cannot do in a browser, with the reason. What a browser lacks for its users is probed. */
const LACKS = {
  chromium: {},
  firefox: {
    'media features': 'puppeteer cannot set the color scheme of Firefox',
    'accessibility tree': 'puppeteer does not get the accessibility tree of Firefox',
  },
  webkit: {
    'accessibility tree': 'WebDriver gives no accessibility tree',
    'quick conversion':
      'conversions of the demo take WebKitGTK longer than a test may: tests/browser/convert.test.mjs has one',
    'file chooser': 'WebDriver does not say that a file chooser opens',
    'hidden pages':
      'WebDriver of WebKit hides and freezes no page, and its processes are not those of a browser of puppeteer',
  },
};

/** The `skip` of a test that needs this of a browser: the reason, or false. */
export const lacks = (name, what) => LACKS[name][what] ?? false;

/** The narrowest window, CSS pixels: that of WebKit has the width of its desktop's smallest one. */
export const narrowest = (name) => (name === 'webkit' ? 334 : 320);

/** Those that tests use: all, or what RESNET50_BROWSERS names ('webkit' or 'chromium,firefox'). */
export const BROWSERS = process.env.RESNET50_BROWSERS?.split(',') ?? Object.keys(EXECUTABLES);

/** The reason to skip tests in a browser, or false where it is installed; CI must have all of them. */
export function browserMissing(name) {
  const missing = EXECUTABLES[name].find((path) => !existsSync(path));
  if (missing === undefined) return false;
  if (process.env.CI) throw new Error(`${missing} is required in CI`);
  return `${missing} is not installed`;
}

/**
 * Starts a browser.
 * @param {'chromium' | 'firefox' | 'webkit'} name
 * @param {{ flags?: string[] }} [options] and those of puppeteer; WebKit has none
 */
export async function launch(name, { flags = [], ...more } = {}) {
  if (name === 'webkit') return launchWebKit();
  const profile = await mkdtemp(join(tmpdir(), `resnet50-wasm-${name}-`));
  const browser = await puppeteer
    .launch({
      browser: name === 'firefox' ? 'firefox' : 'chrome',
      executablePath: EXECUTABLES[name][0],
      headless: true,
      userDataDir: profile,
      protocolTimeout: 180_000,
      args: name === 'chromium' ? [...CHROMIUM_FLAGS, ...flags] : flags,
      ...(name === 'firefox' && { extraPrefsFirefox: FIREFOX_PREFERENCES }),
      ...more,
    })
    .catch(async (error) => {
      await rm(profile, { recursive: true, force: true });
      throw error;
    });
  const close = browser.close.bind(browser);
  browser.close = async () => {
    await close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return browser;
}

/** Opens a page in a context; its console lines and uncaught errors are collected in `lines`. */
export async function openPage(context, url, lines = []) {
  const page = await context.newPage();
  page.on('console', (message) => lines.push(message.text()));
  page.on('pageerror', (error) => lines.push(`uncaught: ${error.message}`));
  await page.goto(url);
  return page;
}
