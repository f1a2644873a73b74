// What visitors of the demo see first: a sample with its result, which was computed when the site was made, until their own
// browser has computed the same. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, clickAtRest, networkReady, serveWhole, shown, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const sample = (file) => `.sample img[src$="/${file}"]`;

/** In the page, before its scripts: browsers that are asked to save data get no weights without a picture of their visitor's. */
function saveData() {
  Object.defineProperty(navigator, 'connection', { value: { saveData: true } });
}

for (const browser of BROWSERS) {
  describe(`${browser}: what visitors of the demo see first`, { skip: browserMissing(browser) }, () => {
    let [visits, site] = [];
    const open = (t, path = '', options) => visits.open(t, new URL(path, site.url).href, options);
    const ownResult = (page) =>
      page.waitForFunction(() => /threads?/.test(document.querySelector('#timing').textContent), { timeout: 60_000 });

    before(async () => {
      [visits, site] = await Promise.all([startVisits(browser), serveWhole(WEIGHTS)]);
    });
    after(() => Promise.all([visits?.close(), site?.close()]));

    test('the page itself holds the picture and its guesses, for those whose scripts are late', LIMIT, async () => {
      const page = await (await fetch(site.url)).text();
      const [{ first, labels }] = (await (await fetch(new URL('site.json', site.url))).json()).networks;
      assert.match(page, new RegExp(`<img id="photo-image" src="samples/${first.file}"`));
      assert.ok(labels.includes(first.guesses[0].label));
      for (const { label } of first.guesses) assert.ok(page.includes(`>${label}</button>`), label);
    });

    test('this browser computes the same; nothing scrolls, and the address stays', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      const before = await shown.labels(page);
      assert.equal(before.length, 5);
      await ownResult(page);
      assert.deepEqual(await shown.labels(page), before);
      assert.equal(await page.$eval('#photo-heat', (canvas) => canvas.hidden), false);
      assert.equal(await page.evaluate(() => location.hash), '');
      assert.equal(await page.evaluate(() => scrollY), 0);
      assert.deepEqual(await page.$$eval('.later', (all) => all.length), 0);
      assert.deepEqual([faults, visits.foreign()], [[], []]);
    });

    test('a picture of the visitor takes its place at once', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      await clickAtRest(page, sample('cargo-ship.jpg'));
      await bestGuess(page, 'ship');
      await networkReady(page);
      assert.deepEqual(await shown.labels(page).then(([best]) => best), 'ship');
      assert.match(await shown.timing(page), /ms/);
      assert.deepEqual(faults, []);
    });

    test('an address that asks for something else gets that', LIMIT, async (t) => {
      const { page, faults } = await open(t, '#sample=cargo-ship.jpg');
      await bestGuess(page, 'ship');
      assert.equal(await page.evaluate(() => location.hash), '#sample=cargo-ship.jpg');
      assert.deepEqual(faults, []);
    });

    test('without the network it stays, and says that it was computed beforehand', {
      ...LIMIT,
      skip: browser === 'webkit' && 'WebDriver runs nothing before the page',
    }, async (t) => {
      const { page, faults } = await open(t, '', { before: (blank) => blank.evaluateOnNewDocument(saveData) });
      assert.match(await shown.timing(page), /beforehand/);
      assert.match(await shown.progress(page), /not loaded yet/);
      await clickAtRest(page, '#guesses li:nth-child(2) .label');
      await page.waitForSelector('#photo-heat:not([hidden])');
      await ownResult(page);
      assert.equal(await page.$eval('#guesses li:nth-child(2) .label', (label) => label.ariaPressed), 'true');
      assert.deepEqual(faults, []);
    });
  });
}
