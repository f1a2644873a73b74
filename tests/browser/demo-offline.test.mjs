// Airplane mode: a published site that was visited once works without its server, weights included, isolated or not; a newer
// version is taken at the next visit. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, networkReady, run, serveStatic, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const sample = (file) => `.sample img[src$="/${file}"]`;

// Under automation WebKit has private windows only, which have no service workers.
for (const browser of BROWSERS.filter((name) => name !== 'webkit')) {
  describe(`${browser}: the demo without a connection`, { skip: browserMissing(browser) }, () => {
    let [visits, scratch] = [];
    const build = async (name, ...options) => {
      const out = join(scratch, name);
      const { status, stderr } = await run([
        'demo/build.mjs',
        '--no-build',
        '--weights',
        WEIGHTS,
        '--out',
        out,
        ...options,
      ]);
      assert.equal(status, 0, stderr);
      return out;
    };
    const ready = (page) => page.waitForSelector('#offline:not([hidden])', { timeout: 60_000 });
    const pick = (page, file) => page.$eval(sample(file), (image) => image.closest('button').click());
    async function reload(page, path = '') {
      await page.goto(new URL(path, page.url()).href);
      await page.waitForSelector('html[data-ready]');
      await networkReady(page);
    }

    before(async () => {
      [visits, scratch] = await Promise.all([startVisits(browser), mkdtemp(join(tmpdir(), 'resnet50-wasm-offline-'))]);
    });
    after(async () => {
      await visits?.close();
      if (scratch) await rm(scratch, { recursive: true, force: true });
    });

    for (const [what, options, isolated] of [
      ['isolated by its worker', [], true],
      ['not isolated', ['--no-isolation-worker'], false],
    ]) {
      test(`${what}: pages, samples and network are there without the server`, LIMIT, async (t) => {
        const host = await serveStatic(await build(`site-${isolated}`, ...options), '/here/');
        const { page, faults } = await visits.open(t, host.url);
        await networkReady(page);
        await ready(page);
        host.close();
        await reload(page, './');
        assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
        await pick(page, 'cargo-ship.jpg');
        await bestGuess(page, 'ship');
        await page.goto(new URL('teach.html', page.url()).href);
        await page.waitForSelector('html[data-ready]');
        await page.waitForFunction(() => document.querySelector('#progress').dataset.state === 'ready', {
          timeout: 60_000,
        });
        const own = faults.filter((fault) => !/ERR_|Failed to load resource|manifest/.test(fault)); // what browsers say of a server that is gone
        assert.deepEqual(own, []);
      });
    }

    test('a newer version of the site is shown at once where there is a connection', LIMIT, async (t) => {
      const site = await build('newer', '--no-isolation-worker');
      const host = await serveStatic(site, '/here/');
      t.after(() => host.close());
      const { page } = await visits.open(t, host.url);
      await networkReady(page);
      await ready(page);
      const index = join(site, 'index.html');
      writeFileSync(index, readFileSync(index, 'utf8').replace('What is in the picture?</h1>', 'Something new</h1>'));
      appendFileSync(join(site, 'offline-worker.js'), '// another version\n');
      await reload(page, './');
      assert.equal(await page.$eval('h1', (title) => title.textContent), 'Something new');
    });
  });
}
