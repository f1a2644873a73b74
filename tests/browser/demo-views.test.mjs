// What the demo shows, in both browsers: what the network knows and when it is not sure, the map as a picture, the camera, and
// that nothing moves under a visitor's finger. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import {
  bestGuess,
  clickAtRest,
  networkReady,
  noticed,
  serveDemo,
  serveWhole,
  shown,
  startVisits,
} from '../support/demo.mjs';
import { fakeCamera } from '../support/fake-camera.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const sample = (file) => `.sample img[src$="/${file}"]`;
/** Google's limit for a good page is 0.1. */
const MOST_SHIFT = 0.02;

for (const browser of BROWSERS.filter((name) => name !== 'webkit')) {
  describe(`${browser}: what the demo shows`, { skip: browserMissing(browser) }, () => {
    let [visits, site, whole] = [];
    const open = (t, path = '', options) => visits.open(t, new URL(path, site.url).href, options);
    const prompt = (page) => page.$eval('#prompt', (e) => e.textContent);

    before(async () => {
      const begun = [startVisits(browser), serveDemo(WEIGHTS), serveWhole(WEIGHTS)];
      [visits, site, whole] = await Promise.all(begun);
    });
    after(() => Promise.all([visits?.close(), site?.close(), whole?.close()]));

    test('a network of ten classes says that it knows no others; its classes can be searched', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      assert.match(
        await page.$eval('#knows', (e) => e.textContent),
        /^This network knows 10 things only: airplane, .*, truck\. Whatever it sees, .* 90\.4% .* of CIFAR-10\. Download: 12 MB/,
      );
      await clickAtRest(page, '#classes-box summary');
      await page.waitForFunction(() => document.querySelectorAll('#classes-list li').length === 10);
      await page.type('#classes-search', 'SHI');
      assert.deepEqual(await page.$$eval('#classes-list li', (all) => all.map((e) => e.textContent)), ['ship']);
      await page.type('#classes-search', 'ark');
      assert.equal(await page.$eval('#classes-count', (e) => e.textContent), 'It knows nothing called “SHIark”.');
      assert.deepEqual(faults, []);
    });

    test(
      'the map: clear outside of the crop, towards its rim and where it is weak; a slider leads to the photo',
      LIMIT,
      async (t) => {
        const { page, faults } = await open(t);
        await clickAtRest(page, sample('cargo-ship.jpg'));
        await bestGuess(page, 'ship');
        assert.equal(await page.$('#heat-tools:not([hidden])'), null);
        await clickAtRest(page, '#guesses .label');
        await page.waitForSelector('#photo-heat:not([hidden])');
        const map = await page.$eval('#photo-heat', (canvas) => {
          const { width, height } = canvas;
          const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
          const opacity = (x, y) => data[(y * width + x) * 4 + 3];
          const row = Array.from({ length: width }, (_, x) => opacity(x, height >> 1));
          const all = Array.from({ length: width * height }, (_, i) => data[i * 4 + 3]);
          return {
            row,
            most: all.reduce((a, b) => Math.max(a, b)),
            clear: all.filter((value) => value === 0).length / all.length,
          };
        });
        assert.ok(map.most > 120, `the strongest place is seen: ${map.most}`);
        assert.ok(map.clear > 0.35, `most of the picture is left as it is: ${map.clear}`);
        const frames = map.row.flatMap((value, x) => (value > 60 && map.row[x - 2] === 0 ? [x] : []));
        assert.ok(frames.length >= 1, 'a frame shows what the network saw');
        const steps = map.row.map((value, x) => Math.abs(value - (map.row[x - 1] ?? value)));
        const [from, to] = [map.row.findIndex((value) => value > 0), map.row.findLastIndex((value) => value > 0)];
        const inside = steps.filter((_, x) => x > from + 5 && x < to - 4);
        assert.ok(Math.max(...inside) < 30, `no hard edge inside of the frame: ${Math.max(...inside)}`);
        assert.match(await page.$eval('#heat-note', (e) => e.textContent), /2 × 2 places apart: the map is coarse/);
        await page.focus('#heat-slider');
        await page.keyboard.press('Home');
        assert.equal(await page.$eval('#photo-heat', (canvas) => getComputedStyle(canvas).opacity), '0');
        assert.deepEqual(faults, []);
      },
    );

    test('the camera: asks, mirrors who looks at it, tells its frames, says why it stopped', LIMIT, async (t) => {
      const { page, faults } = await open(t, '', { before: (page) => page.evaluateOnNewDocument(fakeCamera, 'user') });
      await networkReady(page);
      await page.evaluate(() => {
        window.permission = new Promise((resolve) => {
          window.allow = resolve;
        });
      });
      await clickAtRest(page, '#camera');
      assert.equal(await prompt(page), 'Your browser asks for the camera: allow it to begin.');
      await page.evaluate(() => window.allow());
      await page.waitForFunction(
        () => / per frame · [\d.]+ frames per second/.test(document.querySelector('#timing').textContent),
        {
          timeout: 60_000,
        },
      );
      assert.equal(await page.$eval('#photo-video', (video) => new DOMMatrix(getComputedStyle(video).transform).a), -1);
      await page.evaluate(() => {
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      });
      assert.match(await noticed(page), /^The camera was turned off when you left this tab: turn it on again\.$/);
      assert.equal(await page.$eval('#photo', (photo) => photo.dataset.state), 'empty');
      assert.deepEqual(faults, []);
    });

    test('all maps beside each other: painted, and one of them shown large', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      await clickAtRest(page, sample('cargo-ship.jpg'));
      await bestGuess(page, 'ship');
      assert.equal(await page.$('#multiples-button:not([hidden])'), null);
      await clickAtRest(page, '#guesses .label');
      await page.waitForSelector('#photo-heat:not([hidden])');
      await clickAtRest(page, '#multiples-button');
      const painted = () => {
        const all = [...document.querySelectorAll('#multiples canvas')];
        return all.length === 5 && all.every(({ width }) => width > 300);
      };
      await page.waitForFunction(painted, { timeout: 60_000 });
      const pressed = () => page.$$eval('#multiples button', (all) => all.map((button) => button.ariaPressed).join());
      assert.equal(await pressed(), 'true,false,false,false,false');
      await clickAtRest(page, '#multiples li:nth-child(3) button');
      await page.waitForFunction(() => document.querySelectorAll('#guesses .label')[2].ariaPressed === 'true');
      assert.equal(await pressed(), 'false,false,true,false,false');
      await clickAtRest(page, sample('horse.jpg'));
      await bestGuess(page, 'horse');
      assert.equal(await page.$('#multiples:not([hidden])'), null);
      assert.deepEqual(faults, []);
    });

    test('the camera: a live map, mirrored like the video, and the camera on the other side', LIMIT, async (t) => {
      const { page, faults } = await open(t, '', { before: (page) => page.evaluateOnNewDocument(fakeCamera, 'user') });
      await networkReady(page);
      assert.equal(await page.$('#camera-map:not([hidden])'), null);
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#camera-map:not([hidden])');
      await clickAtRest(page, '#camera-map');
      await page.waitForSelector('#photo-heat:not([hidden])');
      const turned = (canvas) => new DOMMatrix(getComputedStyle(canvas).transform).a;
      assert.equal(await page.$eval('#photo-heat', turned), -1);
      await clickAtRest(page, '#camera-map');
      await page.waitForSelector('#photo-heat[hidden]');
      await clickAtRest(page, '#camera-turn');
      await page.waitForFunction(() => window.facings.length === 2);
      assert.deepEqual(await page.evaluate(() => window.facings), ['environment', 'user']);
      await page.waitForSelector('#guesses:not([hidden], .ghost) .label', { timeout: 60_000 });
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#photo[data-state="empty"]');
      assert.equal(await page.$('#camera-turn:not([hidden])'), null);
      assert.deepEqual(faults, []);
    });

    test('a camera that looks away is not mirrored', LIMIT, async (t) => {
      const before = (page) => page.evaluateOnNewDocument(fakeCamera, 'environment');
      const { page } = await open(t, '', { before });
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#photo[data-state="camera"]');
      assert.equal(await page.$eval('#photo-video', (video) => getComputedStyle(video).transform), 'none');
    });

    test('nothing moves while a page comes to life', {
      ...LIMIT,
      skip: browser !== 'chromium' && 'Chromium measures',
    }, async (t) => {
      for (const width of [390, 1280, 1920]) {
        for (const path of ['', whole.url, 'teach.html', 'own.html']) {
          const before = (page) =>
            page.evaluateOnNewDocument(() => {
              window.shifts = [];
              new PerformanceObserver((list) => {
                for (const { value, hadRecentInput, sources } of list.getEntries())
                  if (!hadRecentInput)
                    window.shifts.push({ value, of: sources.map(({ node }) => node?.id || node?.className) });
              }).observe({ type: 'layout-shift', buffered: true });
            });
          const { page } = await open(t, path, { width, before });
          await page.waitForFunction(
            () => (document.querySelector('#progress')?.dataset.state ?? 'ready') === 'ready',
            {
              timeout: 60_000,
            },
          );
          await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100))));
          const shifts = await page.evaluate(() => window.shifts);
          const sum = shifts.reduce((total, { value }) => total + value, 0);
          assert.ok(sum < MOST_SHIFT, `${path} at ${width} pixels: ${sum} ${JSON.stringify(shifts)}`);
        }
      }
    });

    test('guesses read from the right in pages that do; bars are printed', LIMIT, async (t) => {
      const { page } = await open(t);
      await clickAtRest(page, sample('cargo-ship.jpg'));
      await bestGuess(page, 'ship');
      const bar = () =>
        page.$eval('.bar', (e) => {
          const style = getComputedStyle(e, '::before');
          return {
            from: Number.parseFloat(style.transformOrigin),
            width: e.clientWidth,
            print: style.printColorAdjust,
          };
        });
      assert.deepEqual([(await bar()).from, (await bar()).print], [0, 'exact']);
      await page.$eval('html', (html) => {
        html.dir = 'rtl';
      });
      const { from, width } = await bar();
      assert.ok(Math.abs(from - width) < 1, `${from} of ${width}`);
      assert.match(await shown.timing(page), /ms/);
    });
  });
}
