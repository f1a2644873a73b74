// Threads on a host that sends no headers, as docs/hosting.md has it for users of the package: its own lines, run in a page
// below the folder of the service worker.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browserMissing, openPage } from '../support/browsers.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared } from '../support/prepared.mjs';
import { makeProject } from '../support/project.mjs';
import { startServer } from '../support/server.mjs';
import { newContext } from '../support/shared-browsers.mjs';
import { LIMIT } from '../support/wait.mjs';

const HOSTING = readFileSync(join(ROOT, 'docs', 'hosting.md'), 'utf8');
/** The module of the section on hosts without headers, with weights that are there, and its result kept. */
const MODULE = /^## GitHub Pages.*?```js\n(.*?)```/ms
  .exec(HOSTING)[1]
  .replace('ResNet50.load()', "ResNet50.load({ weights: 'CIFAR10_DEMO' })")
  .replace(/\}\n$/, '  globalThis.info = model.info();\n}\n');

const imports = {
  'resnet50-wasm': '/here/node_modules/resnet50-wasm/dist/index.js',
  'resnet50-wasm/isolation': '/here/node_modules/resnet50-wasm/dist/isolation.js',
};
const PAGE = `<!doctype html><link rel="icon" href="data:,"><title>test</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">${MODULE}</script>`;

/** By the clock: a page that is not in front draws no frames, which puppeteer would wait for. */
const loaded = (page) => page.waitForFunction(() => globalThis.info !== undefined, { timeout: 60_000, polling: 100 });

describe('a page on a host without isolation headers', () => {
  let server;

  before(async () => {
    const project = makeProject(join(ROOT, 'build', 'tests-isolation'), { 'index.html': PAGE });
    symlinkSync(join(prepared.project, 'node_modules'), join(project, 'node_modules'));
    copyFileSync(join(prepared.packageFolder, 'dist', 'isolation-worker.js'), join(project, 'isolation-worker.js'));
    server = await startServer({ folders: { '/here/': `${project}/` } });
  });
  after(() => server?.close());

  for (const name of ['chromium', 'firefox']) {
    test(`${name}: isolate() brings threads, with one reload`, { skip: browserMissing(name), ...LIMIT }, async (t) => {
      const context = await newContext(name);
      t.after(() => context.close());
      const address = `http://localhost:${server.port}/here/`;
      const page = await openPage(context, address);
      let loads = 1;
      page.on('load', () => loads++);
      await loaded(page);
      const { info, isolated } = await page.evaluate(() => ({ info: globalThis.info, isolated: crossOriginIsolated }));
      assert.equal(isolated, true);
      assert.ok(info.threads >= 2, `${info.threads} threads: ${info.why}`);
      // Another visit. Chromium's debugger reloads past the service worker, so this is no reload.
      await page.goto('about:blank');
      await page.goto(address);
      await loaded(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      assert.equal(loads, 4); // the first, its reload, the blank page, the second visit
    });
  }
});
