// The demo's teach-it page: examples by files and the camera, training, the result tried, saved and loaded
// back, by keyboard and in narrow windows, and what it says when something is missing. Real weights.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing, lacks } from '../support/browsers.mjs';
import { bestGuess, clickAtRest, serveDemo, shown, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared } from '../support/prepared.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const { noWeights, weightsFolder } = prepared;

const picture = (name) => join(ROOT, 'tests', 'data', 'pictures', name);
const CLOCKS = ['clock.jpg', 'clock-orientation-6.jpg'];
const BALLS = ['golf-ball.jpg', 'golf-ball-grey.jpg', 'soccer-ball.jpg', 'basketball.jpg'];

for (const name of BROWSERS) {
  describe(`${name}: the teach-it page`, { skip: browserMissing(name) || noWeights }, () => {
    let scratch;
    let visits;
    let site;
    const open = (t, options) => visits.open(t, new URL('teach.html', site.url).href, options);
    const text = (page, selector) => page.$eval(selector, (e) => (e.hidden ? '' : e.textContent));
    const result = async (page, pattern) => {
      const wanted = (source) => new RegExp(source).test(document.querySelector('#training-result').textContent);
      await page.waitForFunction(wanted, { timeout: 60_000 }, pattern.source);
      return text(page, '#training-result');
    };
    const notice = async (page, id) => {
      await page.waitForSelector(`${id}:not([hidden])`);
      return text(page, id);
    };
    async function fill(page, i, label, files) {
      await (await page.$$('.class input[type=file]'))[i].uploadFile(...files.map(picture));
      await page.$$eval('.class-name', (all, i) => all[i].select(), i); // clicks miss where the page glides
      await (await page.$$('.class-name'))[i].type(label);
    }
    /** By script: the button moves while pictures arrive. */
    const train = (page) => page.$eval('#train', (button) => button.click());
    async function teach(page) {
      await fill(page, 0, 'Clock', CLOCKS);
      await fill(page, 1, 'Ball', BALLS);
      await train(page);
    }
    const tryOut = async (page, file) => (await page.$('#file')).uploadFile(picture(file));

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-teach-test-'));
      [visits, site] = await Promise.all([startVisits(name), serveDemo(join(weightsFolder, 'pqf'))]);
    });
    after(async () => {
      await Promise.all([visits?.close(), site?.close()]);
      await rm(scratch, { recursive: true, force: true });
    });

    test('learns from files, names a new picture, gives the result and takes it back', LIMIT, async (t) => {
      const { page, faults } = await open(t, { downloads: scratch });
      assert.equal(await page.$eval('#trial', (e) => e.hidden), true);
      await teach(page);
      assert.match(await result(page, /Done/), /of the 6 decide/, 'two clocks are few');
      for (let i = 0; i < 2; i++) await fill(page, 0, 'Clock', CLOCKS); // six of them
      await train(page);
      assert.match(await result(page, /Trained/), /Trained on \d+ pictures in/);
      await tryOut(page, 'soccer-ball.bmp');
      await bestGuess(page, 'Ball');
      await clickAtRest(page, '#guesses .label');
      await page.waitForSelector('#photo-heat:not([hidden])');
      await tryOut(page, 'clock.jpg');
      await bestGuess(page, 'Clock');
      assert.deepEqual((await shown.labels(page)).filter(Boolean), ['Clock', 'Ball']);

      await clickAtRest(page, '#download');
      const file = join(scratch, 'head.safetensors');
      await until(() => existsSync(file), { what: 'the saved file', timeout: 10_000 });
      assert.match(readFileSync(file, 'latin1'), /fc\.weight.*fc\.bias/s);

      const other = await open(t);
      await (await other.page.$('#head')).uploadFile(file);
      assert.match(await result(other.page, /It knows/), /Clock, Ball/);
      await tryOut(other.page, 'clock.jpg');
      await bestGuess(other.page, 'Clock');
      assert.deepEqual([faults, other.faults, visits.foreign()], [[], [], []]);
    });

    test('learns from the camera, one class at a time', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      for (const i of [0, 1]) {
        const card = (await page.$$('.class'))[i];
        await (await card.$('.tools button:not(.primary)')).click();
        const snap = await card.waitForSelector('.tools button.primary:not([hidden])');
        for (const wanted of [1, 2]) {
          await snap.click();
          await until(async () => (await card.$$('.class-pictures li')).length === wanted, {
            what: `picture ${wanted}`,
          });
        }
      }
      assert.deepEqual(await page.$$eval('.class video', (all) => all.map((v) => v.hidden)), [true, false]);
      await page.waitForFunction(() => document.querySelectorAll('.class-pictures li').length === 4);
      await train(page);
      await result(page, /Done/);
      assert.deepEqual(await page.$$eval('.class video', (all) => all.map((v) => v.hidden)), [true, true]);
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#guesses:not([hidden], .ghost) .label', { timeout: 60_000 });
      assert.deepEqual(faults, []);
    });

    test('says what is missing, and what is no picture or no result', LIMIT, async (t) => {
      const { page } = await open(t);
      await train(page);
      assert.match(await notice(page, '#training-notice'), /“Class 1” has no pictures/);
      await fill(page, 0, 'Same', CLOCKS);
      await fill(page, 1, 'Same', BALLS);
      await train(page);
      assert.match(await notice(page, '#training-notice'), /Two classes are called “Same”/);
      await (await page.$('.class input[type=file]')).uploadFile(join(ROOT, 'package.json'));
      assert.match(await notice(page, '#classes-notice'), /package\.json.* is not a picture/);
      await (await page.$('#head')).uploadFile(picture('clock.jpg'));
      assert.match(await notice(page, '#training-notice'), /clock\.jpg.* is no result of this page/);
      await page.$$eval('.class-remove', ([first]) => first.click());
      assert.equal((await page.$$('.class')).length, 2, 'there are always two');
      assert.deepEqual(await page.$$eval('.class-name', (all) => all.map((e) => e.value)), ['Same', 'Class 3']);
    });

    test('fits a narrow window; everything can be reached by keyboard', LIMIT, async (t) => {
      const { page, faults } = await open(t, { width: 390 });
      await teach(page);
      await result(page, /Done/);
      const [whole, seen] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement; // less than 390 where a scroll bar takes room
        return [scrollWidth, clientWidth];
      });
      assert.equal(whole, seen);
      assert.ok(seen <= 390, `${seen} pixels`);
      await page.focus('#train');
      await page.keyboard.press('Enter');
      await result(page, /Done/);
      await page.focus('.class-pictures button');
      await page.keyboard.press('Enter');
      assert.equal(await text(page, '.class-count'), '1 picture');
      assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Remove picture 1 of Clock');
      assert.deepEqual(faults, []);
    });

    test('everything has a name', { ...LIMIT, skip: lacks(name, 'accessibility tree') }, async (t) => {
      const { page } = await open(t);
      await teach(page);
      await result(page, /Done/);
      const tree = await page.accessibility.snapshot();
      const below = (node) => [node, ...(node.children ?? []).flatMap(below)];
      const named = below(tree).filter(({ role }) => ['button', 'textbox', 'image'].includes(role));
      assert.ok(named.length > 4, `${named.length} elements`);
      assert.deepEqual(
        named.filter((element) => !element.name),
        [],
      );
    });
  });
}
