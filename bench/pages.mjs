// npm run bench:pages: Lighthouse (its default: a phone on slow 4G) and axe over the demo and the documentation, served as
// hosts do. Timings want a quiet machine; everything else is the same on any.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import puppeteer from 'puppeteer-core';
import sirv from 'sirv';
import { compressFiles } from '../demo/compress.mjs';
import { installIntoBuild, root } from '../scripts/lib.mjs';
import { FLAGS, findChromium } from './chromium.mjs';
import { BenchError, median, run, tableLines } from './tools.mjs';

const HELP = `Usage: npm run bench:pages -- [options]

  --only WORD     only pages whose address has this in it
  --rounds N      runs of Lighthouse for each page; medians are shown  [3]
  --details       lists what Lighthouse and axe object to
  --no-docs       without the documentation
`;

const WHO = 'bench';
const TOOLS = ['lighthouse@13.5.0', 'axe-core@4.14.1'];
const TOOLS_FOLDER = join(root, 'build', 'page-tools');
const SITE = join(root, 'build', 'docs-site');
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];
/** Rules that Lighthouse cannot judge on a server of this machine. */
const SKIPPED = ['is-on-https', 'redirects-http', 'uses-http2'];
const DEMO_PAGES = ['index.html', 'teach.html', 'own.html'];
const DOCS_PAGES = ['', 'docs/getting-started', 'docs/api', 'reference/'];

async function tools() {
  const there = TOOLS.every((name) => {
    const [, title, version] = /^(.+)@(.+)$/.exec(name);
    const manifest = join(TOOLS_FOLDER, 'node_modules', title, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  });
  if (!there && !(await installIntoBuild(WHO, 'page-tools', TOOLS))) {
    throw new BenchError('Lighthouse and axe could not be installed (see above)');
  }
  const require = createRequire(join(TOOLS_FOLDER, 'package.json'));
  const { default: lighthouse } = await import(pathToFileURL(require.resolve('lighthouse')).href);
  return { lighthouse, axe: readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8') };
}

/** `npm run demo` on a free port; resolves to { origin, close }. */
async function serveDemo() {
  const child = spawn(process.execPath, [join(root, 'demo', 'serve.mjs'), '--port', '0', '--no-build'], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const said = [];
  const origin = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const [address] = /http:\/\/localhost:\d+/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => reject(new BenchError(`npm run demo ended:\n${said.join('\n')}`)));
  });
  return { origin, close: () => child.kill() };
}

/** The documentation, compressed as hosts do; resolves to { origin, close }. */
async function serveDocs() {
  run(process.execPath, [join(root, 'scripts', 'docs.mjs'), '--no-demo'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await compressFiles(SITE);
  const server = createServer(sirv(SITE, { etag: true, gzip: true, extensions: ['html'], maxAge: 600 }));
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return { origin: `http://localhost:${server.address().port}`, close: () => server.close() };
}

/** Medians of some runs of Lighthouse, each in a browser of its own, and what the last one objects to. */
async function lighthouseOf(lighthouse, address, rounds) {
  const runs = [];
  let objections;
  for (let i = 0; i < rounds; i++) {
    const browser = await puppeteer.launch({ executablePath: findChromium(), args: FLAGS });
    try {
      const port = Number(new URL(browser.wsEndpoint()).port);
      const { lhr } = await lighthouse(address, {
        port,
        onlyCategories: CATEGORIES,
        skipAudits: SKIPPED,
        logLevel: 'error',
      });
      const value = (audit) => lhr.audits[audit].numericValue;
      runs.push({
        ...Object.fromEntries(CATEGORIES.map((name) => [name, Math.round(lhr.categories[name].score * 100)])),
        ...{ lcp: value('largest-contentful-paint'), tbt: value('total-blocking-time') },
        cls: value('cumulative-layout-shift'),
      });
      objections = objectionsOf(lhr);
    } finally {
      await browser.close();
    }
  }
  const medians = Object.keys(runs[0]).map((key) => [key, median(runs.map((one) => one[key]))]);
  return { ...Object.fromEntries(medians), objections };
}

/** What costs points, as lines. */
function objectionsOf({ audits, categories }) {
  const counted = CATEGORIES.flatMap((name) => categories[name].auditRefs.filter(({ weight }) => weight > 0));
  return counted
    .map(({ id }) => audits[id])
    .filter(({ score }) => score !== null && score < 0.9)
    .map(({ id, title, displayValue = '', details }) => {
      const first = (details?.items ?? []).slice(0, 3).map(({ node, url }) => node?.snippet ?? url ?? '');
      return [`Lighthouse ${id}: ${title} ${displayValue}`, ...first.filter(Boolean)].join('\n      ');
    });
}

/** Violations that axe finds, in light and in dark. */
async function axeOf(axe, address) {
  const browser = await puppeteer.launch({ executablePath: findChromium(), args: FLAGS });
  const found = [];
  try {
    for (const value of ['light', 'dark']) {
      const page = await browser.newPage();
      await page.setBypassCSP(true);
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      await page.goto(address, { waitUntil: 'networkidle0' });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      for (const { id, help, nodes } of violations)
        found.push([`axe ${id} (${value}): ${help}`, ...nodes.slice(0, 3).map(({ html }) => html)].join('\n      '));
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return found;
}

const isThere = async (address) => (await fetch(address)).ok;

async function main() {
  const string = { type: 'string' };
  const boolean = { type: 'boolean' };
  const { values } = parseArgs({
    options: { only: string, rounds: { ...string, default: '3' }, details: boolean, 'no-docs': boolean, help: boolean },
  });
  if (values.help) return void process.stdout.write(HELP);
  const { lighthouse, axe } = await tools();
  const servers = [await serveDemo(), ...(values['no-docs'] ? [] : [await serveDocs()])];
  const addresses = [
    ...DEMO_PAGES.map((page) => [`demo/${page}`, `${servers[0].origin}/${page}`]),
    ...(servers[1] === undefined ? [] : DOCS_PAGES.map((page) => [`site/${page}`, `${servers[1].origin}/${page}`])),
  ].filter(([name]) => name.includes(values.only ?? ''));
  const rows = [['page', 'performance', 'accessibility', 'practices', 'SEO', 'CLS', 'LCP s', 'TBT ms', 'axe']];
  try {
    for (const [name, address] of addresses) {
      if (!(await isThere(address))) continue;
      const row = await lighthouseOf(lighthouse, address, Number(values.rounds));
      const violations = await axeOf(axe, address);
      const scores = CATEGORIES.map((category) => row[category]);
      const times = [row.cls.toFixed(3), (row.lcp / 1000).toFixed(1), Math.round(row.tbt)];
      rows.push([name, ...scores, ...times, violations.length]);
      console.error(`bench: ${name}: ${scores.join(', ')}`);
      if (values.details) for (const line of [...row.objections, ...violations]) console.error(`    ${line}`);
    }
  } finally {
    for (const server of servers) server.close();
  }
  console.log(tableLines(rows).join('\n'));
}

await main().catch((error) => {
  if (!(error instanceof BenchError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
