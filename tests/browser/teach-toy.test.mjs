// The teach-it page as a toy in all browsers: it trains by itself, shows live bars, tells what is like nothing it was shown, and
// keeps names and pictures for the next visit. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, serveDemo, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const picture = (name) => join(ROOT, 'tests', 'data', 'cifar10', name);

/** What the page asks before it is left, as browsers see it. */
const asks = (page) => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
const texts = (page, selector) => page.$$eval(selector, (all) => all.map((e) => (e.hidden ? '' : e.textContent)));
const names = (page) => page.$$eval('.class-name', (all) => all.map((field) => field.value));
const result = (page, pattern) =>
  page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector('#training-result').textContent),
    { timeout: 60_000 },
    pattern.source,
  );

/** Names a class and gives it pictures; the name is left, as by a click beside it. */
async function fill(page, i, name, files) {
  await page.$$eval(
    '.class-name',
    (fields, i, name) => {
      fields[i].value = name;
      fields[i].dispatchEvent(new Event('input', { bubbles: true }));
      fields[i].dispatchEvent(new Event('blur'));
    },
    i,
    name,
  );
  const inputs = await page.$$('.class input[type=file]');
  for (const file of files) await inputs[i].uploadFile(picture(file));
}

for (const browser of BROWSERS) {
  describe(`${browser}: the teach-it page as a toy`, { skip: browserMissing(browser) }, () => {
    let [visits, site] = [];
    const open = (t, options) => visits.open(t, new URL('teach.html', site.url).href, options);

    before(async () => {
      [visits, site] = await Promise.all([startVisits(browser), serveDemo(join(ROOT, 'weights', 'CIFAR10_DEMO'))]);
    });
    after(() => Promise.all([visits?.close(), site?.close()]));

    test('trains by itself, says what is like nothing it was shown, and keeps all for a reload', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      await fill(page, 0, 'Car', ['red-car.jpg']);
      await fill(page, 1, 'Horse', ['horse.jpg']);
      await result(page, /Done .* of the 2 decide/);
      const place = () =>
        page.evaluate(() => [scrollY, document.activeElement.id, document.querySelector('#trial').hidden]);
      const [scrolled, focused, hidden] = await place();
      assert.deepEqual([scrolled, focused === 'trial-title', hidden], [0, false, false], 'the page stays where it is');

      await (await page.$('#file')).uploadFile(picture('red-car.jpg'));
      await bestGuess(page, 'Car');
      assert.doesNotMatch((await texts(page, '#prompt'))[0], /none of these/, 'one picture of each tells nothing');
      for (const [i, file] of ['red-car.jpg', 'horse.jpg'].entries())
        await fill(page, i, ['Car', 'Horse'][i], [file, file]);
      await result(page, /Trained on 6 pictures/);
      await (await page.$('#file')).uploadFile(picture('airliner.jpg'));
      await page.waitForFunction(
        () =>
          document.querySelector('#prompt').textContent === 'Unlike everything you showed it: probably none of these.',
      );
      await (await page.$('#file')).uploadFile(picture('horse.jpg'));
      await bestGuess(page, 'Horse');
      assert.deepEqual(await texts(page, '#prompt'), ['']);

      await until(async () => !(await asks(page)), { what: 'all is kept' });
      await page.reload();
      await page.waitForSelector('#kept:not([hidden])');
      assert.match((await texts(page, '#kept-text'))[0], /Kept .* 2 classes with 6 pictures/);
      assert.deepEqual(
        [await names(page), await texts(page, '.class-count')],
        [
          ['Car', 'Horse'],
          ['3 pictures', '3 pictures'],
        ],
      );
      await result(page, /Trained on 6 pictures/);
      await page.$eval('.class-pictures button', (button) => button.click());
      await result(page, /Done .* of the 5 decide/);
      await page.$eval('#forget', (button) => button.click());
      await page.waitForFunction(
        () => document.querySelectorAll('.class').length > 0 && !document.querySelector('.class-pictures li'),
      );
      await page.waitForSelector('html[data-ready]');
      assert.deepEqual([await names(page), await texts(page, '#kept')], [['Class 1', 'Class 2'], ['']]);
      assert.deepEqual(faults, []);
    });

    test('where nothing can be kept, the page says so once and asks before it is left', LIMIT, async (t) => {
      const { page } = await open(t);
      await page.evaluate(() => {
        IDBDatabase.prototype.transaction = () => {
          throw new DOMException('no room', 'QuotaExceededError');
        };
      });
      assert.equal(await asks(page), false);
      await fill(page, 0, 'Horse', ['horse.jpg']);
      await page.waitForSelector('#kept:not([hidden])');
      assert.match((await texts(page, '#kept-text'))[0], /does not keep your pictures/);
      assert.equal(await asks(page), true);
    });

    // WebDriver of WebKit holds no button of the mouse while it looks at the page, and its camera is no stream of pictures.
    const noCamera = browser === 'webkit' && 'there is no camera under WebDriver';
    test('what was recorded is learnt when the button is let go; bars show what the camera sees', {
      ...LIMIT,
      skip: noCamera,
    }, async (t) => {
      const { page, faults } = await open(t);
      const bars = () => texts(page, '.class-live');
      for (const i of [0, 1]) {
        const card = (await page.$$('.class'))[i];
        await (await card.$('.tools button:not(.primary)')).click();
        const snap = await card.waitForSelector('.tools button.primary:not([hidden])');
        await page.waitForFunction((i) => document.querySelectorAll('.class video')[i].videoWidth > 0, {}, i);
        await snap.hover();
        await page.mouse.down();
        await page.waitForFunction((i) => document.querySelectorAll('.class-pictures')[i].children.length >= 3, {}, i);
        if (i === 1)
          assert.deepEqual(await texts(page, '#training-result'), [''], 'nothing is learnt while it is held');
        await page.mouse.up();
      }
      await result(page, /Trained on \d+ pictures|Done/);
      assert.equal(await page.$$eval('.class video', ([, second]) => second.hidden), false, 'the camera stays on');
      await page.waitForFunction(() => document.querySelectorAll('.class-live:not([hidden])').length === 2);
      assert.ok(
        (await bars()).every((text) => /^[<>]?\d+\.\d%$/.test(text)),
        `${await bars()}`,
      );
      assert.equal(await page.$eval('.class-live', (bar) => bar.ariaHidden), 'true');
      await page.$$eval('.class .tools button:not(.primary)', ([, second]) => second.click());
      await page.waitForFunction(() => document.querySelectorAll('.class-live:not([hidden])').length === 0);
      assert.deepEqual(faults, []);
    });
  });
}
