// Two networks side by side, and how fast it is on the visitor's machine. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, clickAtRest, networkReady, serveDemo, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const sample = (file) => `.sample img[src$="/${file}"]`;

for (const browser of BROWSERS) {
  describe(`${browser}: the demo compares and measures`, { skip: browserMissing(browser) }, () => {
    let [visits, site] = [];
    const open = (t) => visits.open(t, site.url);
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
