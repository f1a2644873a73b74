// What the teach-it page gives away as one page, opened by its file: address without a connection. CIFAR10_DEMO's weights, which
// are part of the repository.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, serveDemo, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const picture = (name) => join(ROOT, 'tests', 'data', 'cifar10', name);

// WebDriver of WebKit says nothing of downloads.
for (const browser of BROWSERS.filter((name) => name !== 'webkit')) {
  describe(`${browser}: the teach-it page's one page`, { skip: browserMissing(browser) }, () => {
    let [visits, site, scratch] = [];

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-one-page-'));
      [visits, site] = await Promise.all([startVisits(browser), serveDemo(join(ROOT, 'weights', 'CIFAR10_DEMO'))]);
    });
    after(async () => {
      await Promise.all([visits?.close(), site?.close()]);
      if (scratch) await rm(scratch, { recursive: true, force: true });
    });

    test(
      'what was learnt goes into one file of the size that was said, and works without a connection',
      LIMIT,
      async (t) => {
        const { page, faults } = await visits.open(t, new URL('teach.html', site.url).href, { downloads: scratch });
        const inputs = await page.$$('.class input[type=file]');
        await inputs[0].uploadFile(picture('red-car.jpg'));
        await inputs[1].uploadFile(picture('horse.jpg'));
        await page.waitForSelector('#one-page:not([hidden])', { timeout: 60_000 });
        assert.match(
          await page.$eval('#lines-code', (code) => code.textContent),
          /import \{ ResNet50 \} from 'resnet50-wasm';.*load\(\{ weights: 'CIFAR10_DEMO', head: 'head\.safetensors' \}\)/s,
        );
        const said = Number(/\((\d+) MB\)/.exec(await page.$eval('#one-page', (button) => button.textContent))?.[1]);
        await page.$eval('#one-page', (button) => button.click());
        const file = join(scratch, 'what-is-it.html');
        await until(() => existsSync(file), { what: 'the page', timeout: 60_000 });
        await page.waitForFunction(() => /Saved/.test(document.querySelector('#lines-status').textContent));
        await until(() => statSync(file).size > said * 1e6, { what: `${said} MB` });
        assert.ok(statSync(file).size < (said + 1) * 1e6, `${statSync(file).size} bytes, ${said} MB were said`);
        await site.close(); // and the rest of the world ends at the visits' trap
        site = undefined;

        const alone = await visits.blank(t);
        const errors = [];
        alone.on('pageerror', (error) => errors.push(String(error)));
        alone.on('console', (message) => ['error', 'warn'].includes(message.type()) && errors.push(message.text()));
        await alone.setOfflineMode?.(true).catch(() => {}); // Firefox has none
        await alone.goto(pathToFileURL(file).href);
        await alone.waitForFunction(() => /ready/.test(document.querySelector('#status').textContent), {
          timeout: 60_000,
        });
        for (const [name, label] of [
          ['red-car.jpg', 'Class 1'],
          ['horse.jpg', 'Class 2'],
        ]) {
          await (await alone.$('#file')).uploadFile(picture(name));
          await bestGuess(alone, label);
        }
        assert.match(await alone.$eval('#status', (line) => line.textContent), /^Best guess: Class 2, /);
        assert.match(await alone.$eval('details pre', (words) => words.textContent), /MIT License.*XNNPACK/s);
        assert.deepEqual([faults, errors, visits.foreign()], [[], [], []]);
      },
    );
  });
}
