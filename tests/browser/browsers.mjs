// Real browsers under puppeteer: Debian's Chromium and Firefox, each with a profile of its own that is gone afterwards.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const EXECUTABLES = {
  chromium: process.env.RESNET50_CHROMIUM ?? '/usr/bin/chromium',
  firefox: process.env.RESNET50_FIREFOX ?? '/usr/bin/firefox-esr',
};

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--autoplay-policy=no-user-gesture-required',
];

export const BROWSERS = Object.keys(EXECUTABLES);

/** The reason to skip tests in a browser, or false where it is installed; CI must have both. */
export function browserMissing(name) {
  if (existsSync(EXECUTABLES[name])) return false;
  if (process.env.CI) throw new Error(`${EXECUTABLES[name]} is required in CI`);
  return `${EXECUTABLES[name]} is not installed`;
}

/**
 * Starts a browser.
 * @param {'chromium' | 'firefox'} name
 * @param {{ flags?: string[], preferences?: Record<string, unknown> }} [options]
 */
export async function launch(name, { flags = [], preferences = {}, ...more } = {}) {
  const profile = await mkdtemp(join(tmpdir(), `resnet50-wasm-${name}-`));
  const browser = await puppeteer
    .launch({
      browser: name === 'firefox' ? 'firefox' : 'chrome',
      executablePath: EXECUTABLES[name],
      headless: true,
      userDataDir: profile,
      protocolTimeout: 180_000,
      args: name === 'chromium' ? [...CHROMIUM_FLAGS, ...flags] : flags,
      ...(name === 'firefox' && { extraPrefsFirefox: preferences }),
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

/** Opens a page; its console lines and uncaught errors are collected in `lines`. */
export async function openPage(browser, url, lines = []) {
  const page = await browser.newPage();
  page.on('console', (message) => lines.push(message.text()));
  page.on('pageerror', (error) => lines.push(`uncaught: ${error.message}`));
  await page.goto(url);
  return page;
}
