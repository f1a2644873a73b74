// The demo's page for one's own network: files in, conversion with phases and a stop, report, trial, download, and what it
// says of files that it cannot take.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import { BROWSERS, browserMissing, lacks } from '../support/browsers.mjs';
import { clickAtRest, serveDemo, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared } from '../support/prepared.mjs';
import { LIMIT, until } from '../support/wait.mjs';
import { randomCheckpoint } from './pages/random-checkpoint.mjs';

const picture = (name) => join(ROOT, 'tests', 'data', 'pictures', name);
const LABELS = ['cat', 'dog', 'bird'];

for (const name of BROWSERS) {
  describe(`${name}: the page for one's own network`, { skip: browserMissing(name) }, () => {
    let scratch;
    let visits;
    let site;
    const at = (file) => join(scratch, file);
    const text = (page, selector) => page.$eval(selector, (e) => (e.hidden ? '' : e.textContent));
    const choose = async (page, ...files) => (await page.$('#own-file')).uploadFile(...files);
    const press = (page, selector) => page.$eval(selector, (button) => button.click());
    const says = (page, selector, pattern) =>
      page.waitForFunction(
        (where, source) => new RegExp(source).test(document.querySelector(where).textContent),
        { timeout: 240_000 },
        selector,
        pattern.source,
      );

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-own-test-'));
      await writeFile(at('mine.safetensors'), randomCheckpoint(LABELS.length));
      await writeFile(at('names.txt'), LABELS.join('\n'));
      await writeFile(at('broken.pth'), 'this is no checkpoint');
      [visits, site] = await Promise.all([startVisits(name), serveDemo(join(ROOT, 'weights', 'CIFAR10_DEMO'))]);
    });
    after(async () => {
      await Promise.all([visits?.close(), site?.close()]);
      await rm(scratch, { recursive: true, force: true });
    });

    const slow = lacks(name, 'quick conversion');
    test('refuses what is no checkpoint, and stops', { ...LIMIT, skip: slow }, async (t) => {
      const { page } = await visits.open(t, new URL('own.html', site.url).href);
      await press(page, '#convert');
      assert.match(await text(page, '#conversion-notice'), /There is no checkpoint yet/);
      await choose(page, at('broken.pth'), join(ROOT, 'CMakeLists.txt'));
      await says(page, '#own-files', /broken\.pth/);
      await press(page, '#convert');
      await page.waitForSelector('#conversion-notice:not([hidden])', { timeout: 60_000 });
      assert.match(await text(page, '#conversion-notice'), /^broken\.pth: is no checkpoint .*\.$/);

      await press(page, '#own-clear');
      await choose(page, at('mine.safetensors'), at('names.txt'), picture('clock.jpg'), picture('golf-ball.jpg'));
      await says(page, '#own-files', /^mine\.safetensors \(47\.2 MB\), names of classes from names\.txt, 2 photos\.$/);
      await press(page, '#convert');
      await says(page, '#conversion-text', /Preparing pictures, \d+ of 64 pictures|Matching/);
      await press(page, '#conversion-stop');
      await says(page, '#conversion-result', /^Conversion was stopped\.$/);
    });

    test('converts, compares, runs and gives the result away', { ...LIMIT, skip: slow }, async (t) => {
      const { page, faults } = await visits.open(t, new URL('own.html', site.url).href, { downloads: scratch });
      await choose(page, at('broken.pth'));
      await press(page, '#convert');
      await page.waitForSelector('#conversion-notice:not([hidden])', { timeout: 60_000 });
      await choose(page, at('mine.safetensors'), at('names.txt'), picture('clock.jpg'), picture('golf-ball.jpg'));
      await page.select('#own-care', 'quick');
      await page.select('#own-use', 'both');
      await press(page, '#convert');
      await says(page, '#conversion-result', /^Done/);
      const facts = await text(page, '#report-facts');
      assert.match(facts, /ResNet-50, 23,514,179 parameters.*as torchvision.*Classes3/s);
      assert.match(await text(page, '#comparison-summary'), /the photo; scores differ by .*% at most/);
      const row = await page.$$eval('#comparison-rows td', (cells) => cells.map((cell) => cell.textContent));
      assert.match(row.slice(1).join('|'), /^(cat|dog|bird) [\d.<>]+%\|(cat|dog|bird) [\d.<>]+%\|[\d.<>]+%$/);

      await (await page.$('#file')).uploadFile(picture('clock.jpg'));
      await page.waitForSelector('#guesses:not([hidden], .ghost) .label', { timeout: 60_000 });
      const labels = await page.$$eval('#guesses:not(.ghost) .label', (all) => all.map((e) => e.textContent));
      assert.deepEqual(labels.filter(Boolean).sort(), LABELS.toSorted());

      await clickAtRest(page, '#own-download');
      let files;
      const isWhole = async () => {
        files = unzipSync(await readFile(at('mine.zip'))); // throws before all of it is there
        return true;
      };
      await until(() => isWhole().catch(() => false), { what: 'the download', timeout: 30_000 });
      assert.match(new TextDecoder().decode(files['mine/README.txt']), /ResNet50\.load\({ weights: '\.\/mine' }\)/);
      const { ResNet50 } = await import(pathToFileURL(join(prepared.packageFolder, 'dist', 'index.node.js')).href);
      const inside = Object.entries(files).map(([path, bytes]) => [path.slice('mine/'.length), bytes]);
      const model = await ResNet50.load({ weights: { files: Object.fromEntries(inside) } });
      assert.deepEqual(
        model.weights.categories.map((category) => category.label),
        LABELS,
      );
      await model.dispose();
      assert.match(await text(page, '#snippet'), /weights: '\/weights\/mine\/'/);
      assert.deepEqual([faults, visits.foreign()], [[], []]);
    });

    test('fits a narrow window; the other pages lead here', LIMIT, async (t) => {
      const { page, faults } = await visits.open(t, new URL('own.html', site.url).href, { width: 390 });
      const [whole, seen] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.equal(whole, seen);
      for (const path of ['./', 'teach.html']) {
        await page.goto(new URL(path, site.url).href);
        await page.waitForSelector('a[href="own.html"]');
      }
      assert.deepEqual(faults, []);
    });
  });
}
