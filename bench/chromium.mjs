// One row in a fresh Chromium with a profile of its own: bundles the engine as an application would, serves it, opens the
// page, waits for its report. Knows no engine.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importPeer } from './peers/import.mjs';
import { folders, serve } from './static-server.mjs';
import { BenchError, root, work } from './tools.mjs';

export const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
];
const PAGE = '<!doctype html><title>bench</title><script type="module" src="/engine/page-child.mjs"></script>\n';
const bundles = join(work, 'bundles');
const libraries = join(root, 'bench', 'peers', 'node_modules');

export function findChromium() {
  const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const found = known.find((path) => path && existsSync(path));
  if (!found)
    throw new BenchError('no Chromium found: install it (on Debian: apt-get install chromium) or set CHROMIUM');
  return found;
}

/** Bundles the page's script and the engines, each for itself, so that an engine's size is its own. */
export async function bundleEngines(engines) {
  mkdirSync(bundles, { recursive: true });
  await bundle(join(root, 'bench', 'page-child.mjs'));
  writeFileSync(join(bundles, 'page.html'), PAGE);
  for (const engine of engines) {
    // One whose packages are missing fails as a row, when the page asks for it.
    rmSync(join(bundles, `${engine}.mjs`), { force: true });
    await bundle(join(root, 'bench', 'peers', `${engine}.mjs`)).catch(({ message }) =>
      console.error(`bench: ${message}`),
    );
  }
}

async function bundle(entry) {
  const { build } = await import('esbuild');
  await build({
    ...{ entryPoints: [entry], outdir: bundles, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', logLevel: 'silent' },
    external: ['node:*', 'fs', 'path', 'util', 'crypto', 'module', 'worker_threads', 'os', 'perf_hooks'],
  });
}

function statusOf(pid, field) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

/** The largest renderer below a browser process, that of the page and its workers: { pid, peakBytes }. */
function rendererOf(browserPid) {
  const isBelow = (pid) => pid > 1 && (pid === browserPid || isBelow(statusOf(pid, 'PPid')));
  const isRenderer = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer');
    } catch {
      return false;
    }
  };
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const renderers = processes.filter((pid) => isRenderer(pid) && isBelow(pid));
  const sized = renderers.map((pid) => ({ pid, peakBytes: statusOf(pid, 'VmHWM') * 1024 }));
  return sized.reduce((largest, next) => (next.peakBytes > largest.peakBytes ? next : largest), {
    pid: 0,
    peakBytes: 0,
  });
}

/** Processor time of a process, all threads, in milliseconds: Linux counts it in hundredths of a second. */
function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The files that a page may fetch. */
export function filesFor(spec) {
  const find = folders({
    '/engine/': bundles,
    '/models/': join(work, 'models'),
    '/library/': libraries,
    '/dist/': join(root, 'dist'),
  });
  return (path) => (path.startsWith('/photo/') ? spec.photos[Number(path.slice('/photo/'.length))] : find(path));
}

/** What a page fetched to run, models, photos and the harness apart. */
export function runtimeFiles(fetched) {
  const isRuntime = (path) =>
    /^\/(?:engine|library|dist)\/.*\.(?:m?js|wasm)$/.test(path) && !path.endsWith('/page-child.mjs');
  return [...fetched].filter(([path]) => isRuntime(path)).map(([, file]) => file);
}

/** Opens the page and waits for its report. */
async function reportOf(browser, address, timeoutMs) {
  const [page] = await browser.pages();
  const { pid } = browser.process();
  await page.exposeFunction('rendererCpuMs', () => cpuMsOf(rendererOf(pid).pid));
  let timer;
  try {
    const result = await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no result after ${timeoutMs / 1000} s`)), timeoutMs);
      page.on('error', reject); // a crash
      page.on('pageerror', reject);
      page
        .exposeFunction('report', resolve)
        .then(() => page.goto(address))
        .catch(reject);
    });
    return { ...result, peakBytes: rendererOf(pid).peakBytes, version: await browser.version() };
  } finally {
    clearTimeout(timer);
  }
}

/** The result of a row, { error } included, and `runtimeFiles`. */
export async function runInChromium(spec, timeoutMs) {
  const server = await serve(filesFor(spec));
  let browser;
  try {
    const { default: puppeteer } = await importPeer('puppeteer-core');
    const args = [...FLAGS, ...(spec.flags.length > 0 ? [`--js-flags=${spec.flags.join(' ')}`] : [])];
    browser = await puppeteer.launch({ executablePath: findChromium(), args, headless: true });
    const address = `${server.origin}/engine/page.html#${encodeURIComponent(JSON.stringify(spec))}`;
    const result = await reportOf(browser, address, timeoutMs);
    return { ...result, runtimeFiles: runtimeFiles(server.fetched) };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  } finally {
    await browser?.close();
    server.close();
  }
}
