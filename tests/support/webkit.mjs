// WebKit, the engine of Safari: Debian's MiniBrowser (WebKitGTK) on a virtual display, driven over WebDriver. What is given
// has the part of puppeteer's interface that the tests use, so that their text is the same for all browsers. A context is a
// process: MiniBrowser keeps nothing on disk under automation, and its WebDriver knows one session.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Builder, Capabilities } from 'selenium-webdriver';
import { findFreePort } from 'selenium-webdriver/net/portprober.js';
import { DriverService } from 'selenium-webdriver/remote/index.js';
import { until } from './wait.mjs';
import { WebKitPage } from './webkit-page.mjs';

const DRIVER = '/usr/bin/WebKitWebDriver';
const DISPLAY_SERVER = '/usr/bin/Xvfb';

/** Debian has it in the folder of the library: /usr/lib/x86_64-linux-gnu/webkit2gtk-4.1, or webkitgtk-6.0. */
function findMiniBrowser() {
  const machines = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => name.includes('-linux-')) : [];
  const libraries = ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'];
  const paths = machines.flatMap((machine) => libraries.map((library) => `/usr/lib/${machine}/${library}/MiniBrowser`));
  return paths.find((path) => existsSync(path)) ?? 'MiniBrowser';
}

const MINI_BROWSER = findMiniBrowser();

/** What must be there. */
export const WEBKIT_PROGRAMS = [DRIVER, MINI_BROWSER, DISPLAY_SERVER];

const FLAGS = [
  '--automation',
  '--javascript-can-open-windows-automatically=true',
  '--javascript-can-access-clipboard=true',
  '--enable-media-stream=true',
  '--features=MockCaptureDevices,-MockCaptureDevicesPrompt', // a camera that needs no device and no permission
  '--ignore-host=localhost', // if there is a proxy
  '--ignore-host=127.0.0.1',
];

/** Starts an X server on a display that is free. */
async function startDisplay() {
  const args = ['-displayfd', '1', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'];
  const child = spawn(DISPLAY_SERVER, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = () => child.kill();
  process.once('exit', stop);
  const number = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    child.once('close', (status) => reject(new Error(`${DISPLAY_SERVER} ended with ${status}`)));
  });
  const close = () => {
    process.removeListener('exit', stop);
    stop();
  };
  return { name: `:${number}`, close };
}

/** Writes the desktop's settings; gives those that are variables. `features` are puppeteer's media features. */
async function writeDesktopSettings(home, features, downloads) {
  const wants = (name, value) => features.some((feature) => feature.name === name && feature.value === value);
  const folder = join(home, '.config', 'gtk-3.0');
  await mkdir(folder, { recursive: true });
  const animations = wants('prefers-reduced-motion', 'reduce') ? 0 : 1;
  await writeFile(join(folder, 'settings.ini'), `[Settings]\ngtk-enable-animations=${animations}\n`);
  await writeFile(join(home, '.config', 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  return wants('prefers-color-scheme', 'dark') ? { GTK_THEME: 'Adwaita:dark' } : {};
}

class WebKitContext {
  #driver;
  #home;
  #page;
  #service;
  #window; // the first one, which stays blank: pages come and go

  constructor(home) {
    this.#home = home;
  }

  async start(display, { proxyServer, features = [], downloadBehavior }) {
    const home = this.#home;
    const port = await findFreePort('127.0.0.1');
    const env = {
      ...process.env,
      ...{ DISPLAY: display, HOME: home, XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: join(home, '.config') },
      ...(await writeDesktopSettings(home, features, downloadBehavior?.downloadPath ?? home)),
      JSC_useSharedArrayBuffer: '1', // which WebKitGTK leaves off, unlike Safari
    };
    this.#service = new DriverService(DRIVER, { loopback: true, port, args: [`--port=${port}`], env });
    const args = [...FLAGS, ...(proxyServer ? [`--proxy=http://${proxyServer}`] : [])];
    const capabilities = new Capabilities({
      browserName: 'MiniBrowser',
      timeouts: { script: 180_000 },
      'webkitgtk:browserOptions': { binary: MINI_BROWSER, args },
    });
    this.#driver = await new Builder()
      .usingServer(await this.#service.start())
      .withCapabilities(capabilities)
      .build();
    this.#window = await this.#driver.getWindowHandle();
  }

  /** One at a time: WebDriver's commands go to the window that was chosen last. */
  async newPage() {
    if (this.#page?.isOpen) throw new Error('a context of WebKit has one page at a time: close the other one first');
    const driver = this.#driver;
    // A window without bars can be as narrow as a phone.
    await driver.executeScript("open('about:blank', '_blank', 'noopener,toolbar=no,location=no,menubar=no')");
    const another = async () => (await driver.getAllWindowHandles()).find((handle) => handle !== this.#window);
    await driver.switchTo().window(await until(another, { what: 'a new window' }));
    this.#page = new WebKitPage(driver, async () => {
      await driver.close();
      await driver.switchTo().window(this.#window);
    });
    await this.#page.setViewport({ width: 800, height: 600 });
    return this.#page;
  }

  async close() {
    await this.#driver?.quit().catch(() => undefined); // it may have crashed
    await this.#service?.kill();
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Starts what all contexts share: the display. */
export async function launchWebKit() {
  const display = await startDisplay();
  const contexts = [];
  return {
    connected: true,
    async createBrowserContext(options = {}) {
      const context = new WebKitContext(await mkdtemp(join(tmpdir(), 'resnet50-wasm-webkit-')));
      contexts.push(context);
      await context.start(display.name, options);
      return context;
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
      display.close();
    },
  };
}
