// Two networks side by side, and how fast it is on the visitor's machine. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, clickAtRest, networkReady, serveDemo, startVisits } from '../support/demo.mjs';
import { fakeCamera } from '../support/fake-camera.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT } from '../support/wait.mjs';
import { testWeights, weightsMissing } from '../test-weights.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const sample = (file) => `.sample img[src$="/${file}"]`;

for (const browser of BROWSERS) {
  describe(`${browser}: the demo compares and measures`, { skip: browserMissing(browser) }, () => {
    let [visits, site] = [];
    const open = (t, options) => visits.open(t, site.url, options);
    const said = (page, id, pattern) => {
      const is = (where, source) => new RegExp(source).test(document.querySelector(where).textContent);
      return page.waitForFunction(is, { timeout: 60_000 }, id, pattern.source);
    };
    /** Chooses what stands beside the network. */
    const compareWith = (page, value) =>
      page.$eval(
        '#compare-with',
        (select, wanted) => {
          select.value = wanted;
          select.dispatchEvent(new Event('change'));
        },
        value,
      );
    const columns = (page) =>
      page.$$eval('.pair', (all) =>
        all.map((pair) => ({
          guesses: [...pair.querySelectorAll('li')].map((item) => item.textContent),
          caption: pair.querySelector('figcaption').textContent,
          painted: pair.querySelector('canvas').width > 300,
          mirrored: new DOMMatrix(getComputedStyle(pair.querySelector('canvas')).transform).a === -1,
          picture: pair.querySelector('img:not([hidden])') !== null,
        })),
      );

    before(async () => {
      [visits, site] = await Promise.all([startVisits(browser), serveDemo(WEIGHTS)]);
    });
    after(() => Promise.all([visits?.close(), site?.close()]));

    test(
      'the network beside itself on one thread: the same guesses and maps, and anew for the next picture',
      LIMIT,
      async (t) => {
        const { page, faults } = await open(t);
        const ways = await page.$$eval('#compare-with option', (all) => all.map(({ textContent }) => textContent));
        assert.deepEqual(ways, ['nothing', 'The same on one thread', 'The same without relaxed SIMD']);
        await compareWith(page, '0');
        await said(page, '#compare-status', /Choose a picture/);
        await clickAtRest(page, sample('cargo-ship.jpg'));
        await bestGuess(page, 'ship');
        await page.waitForSelector('#compare-views:not([hidden])');
        const [one, other] = await columns(page);
        assert.match(one.guesses[0], /^ship \d/);
        assert.deepEqual(other.guesses, one.guesses);
        assert.match(other.caption, /^The same on one thread · \d+ ms · 1 thread$/);
        assert.deepEqual([one.painted, other.painted], [true, true]);
        await clickAtRest(page, sample('horse.jpg'));
        await bestGuess(page, 'horse');
        await page.waitForFunction(
          () => [...document.querySelectorAll('.pair li:first-child')].every((item) => /^horse/.test(item.textContent)),
          { timeout: 60_000 },
        );
        await compareWith(page, '');
        assert.equal(await page.$('#compare-views:not([hidden])'), null);
        assert.deepEqual([faults, visits.foreign()], [[], []]);
      },
    );

    test('on the camera: both look at its frames, until it is turned off; then at pictures again', {
      ...LIMIT,
      skip: browser === 'webkit' && 'WebKitGTK makes no stream of a canvas',
    }, async (t) => {
      const before = (page) => page.evaluateOnNewDocument(fakeCamera, 'user');
      const { page, faults } = await open(t, { before });
      await networkReady(page);
      await compareWith(page, '0');
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#compare-views:not([hidden])', { timeout: 60_000 });
      const [one, other] = await columns(page);
      assert.match(one.caption, /^This network · [\d.]+ ms · \d threads?$/);
      assert.match(other.caption, /^The same on one thread · [\d.]+ ms · 1 thread$/);
      assert.deepEqual([one.guesses.length, one.mirrored, one.picture], [3, true, false]);
      const moves = async () => {
        const [canvas] = document.querySelectorAll('.pair canvas');
        const before = canvas.toDataURL();
        while (canvas.toDataURL() === before) await new Promise((resolve) => setTimeout(resolve, 100));
        return true;
      };
      assert.equal(await page.evaluate(moves), true);
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#compare-views[hidden]');
      await said(page, '#compare-status', /Choose a picture to compare with, or use the camera/);
      await clickAtRest(page, sample('horse.jpg'));
      await page.waitForSelector('#compare-views:not([hidden])', { timeout: 60_000 });
      assert.deepEqual(
        (await columns(page)).map(({ picture, mirrored }) => [picture, mirrored]),
        [
          [true, false],
          [true, false],
        ],
      );
      assert.deepEqual(faults, []);
    });

    test('in float32 too, where the site has such weights', { ...LIMIT, skip: weightsMissing() }, async (t) => {
      const both = await serveDemo(await testWeights(), '--float32');
      t.after(() => both.close());
      const { page, faults } = await visits.open(t, both.url);
      const options = await page.$$eval('#compare-with option', (all) => all.map(({ textContent }) => textContent));
      assert.match(options.at(-1), /^The same in float32: \d\d MB more$/);
      await compareWith(page, String(options.length - 2));
      await clickAtRest(page, sample('basketball.jpg'));
      await bestGuess(page, 'basketball');
      await page.waitForSelector('#compare-views:not([hidden])', { timeout: 60_000 });
      const [one, other] = await columns(page);
      assert.match(one.guesses[0], /^basketball /);
      assert.match(other.guesses[0], /^basketball /);
      assert.match(other.caption, /^The same in float32 · \d+ ms/);
      assert.deepEqual(faults, []);
    });

    test('measures in three ways: times, and logits that are the same', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      await networkReady(page);
      await page.$eval('#measure-button', (button) => button.click());
      await said(page, '#measure-status', /Medians of 20 runs.*the same to the bit/);
      const rows = await page.$$eval('#measure-table tbody tr', (all) =>
        all.map((row) => [...row.cells].map((cell) => cell.textContent)),
      );
      assert.equal(rows.length, 3);
      for (const [, threads, decode, network, print] of rows) {
        assert.match(threads, /^\d+$/);
        assert.match(`${decode}, ${network}`, /^[\d.]+ ms, [\d.]+ ms$/);
        assert.match(print, /^[0-9a-f]{12}$/);
      }
      assert.deepEqual(faults, []);
    });

    test('measuring can be stopped, and begun again', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      await networkReady(page);
      const press = () => page.$eval('#measure-button', (button) => button.click());
      await press();
      await said(page, '#measure-status', /Measuring 1 of 3/);
      await press();
      await said(page, '#measure-status', /was stopped/);
      await press();
      await said(page, '#measure-status', /Medians/);
      assert.deepEqual(faults, []);
    });
  });
}
