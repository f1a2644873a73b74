// The cards of the teach-it page in both browsers: what was learnt is led to, an earlier result fills the cards, notices go with
// their cause, and nothing is lost without a question. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { serveDemo, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT } from '../support/wait.mjs';

const picture = (name) => join(ROOT, 'tests', 'data', 'cifar10', name);

for (const browser of BROWSERS.filter((name) => name !== 'webkit')) {
  describe(`${browser}: the cards of the teach-it page`, { skip: browserMissing(browser) }, () => {
    let [visits, site, scratch] = [];
    const open = (t, options) => visits.open(t, new URL('teach.html', site.url).href, options);
    const names = (page) => page.$$eval('.class-name', (all) => all.map((field) => field.value));
    const result = (page, pattern) =>
      page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector('#training-result').textContent),
        { timeout: 60_000 },
        pattern.source,
      );
    async function fill(page, i, name, files) {
      await (await page.$$('.class input[type=file]'))[i].uploadFile(...files.map(picture));
      await page.$$eval('.class-name', (all, i) => all[i].select(), i); // clicks miss where the page glides
      await (await page.$$('.class-name'))[i].type(name);
    }
    const train = (page) => page.$eval('#train', (button) => button.click());

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-teach-classes-'));
      const weights = join(ROOT, 'weights', 'CIFAR10_DEMO');
      [visits, site] = await Promise.all([startVisits(browser), serveDemo(weights)]);
    });
    after(async () => {
      await Promise.all([visits?.close(), site?.close()]);
      if (scratch) await rm(scratch, { recursive: true, force: true });
    });

    test(
      'after training the page leads to trying it; the result fills the cards of another visit',
      LIMIT,
      async (t) => {
        const { page, faults } = await open(t, { width: 390 });
        await page.evaluate(() => {
          const create = URL.createObjectURL;
          URL.createObjectURL = (blob) => {
            window.given = blob;
            return create(blob);
          };
        });
        await fill(page, 0, 'Car', ['red-car.jpg', 'blue-car.jpg']);
        await fill(page, 1, 'Animal', ['horse.jpg', 'deer.jpg']);
        await train(page);
        await result(page, /Done/);
        await page.waitForFunction(() => {
          const { top } = document.querySelector('#trial').getBoundingClientRect();
          return top >= -1 && top < innerHeight / 2 && document.activeElement.id === 'trial-title';
        });
        await page.$eval('#download', (button) => button.click());
        const bytes = await page.evaluate(async () => [...new Uint8Array(await window.given.arrayBuffer())]);
        const head = join(scratch, 'head.safetensors');
        writeFileSync(head, Uint8Array.from(bytes));

        const other = await open(t);
        await (await other.page.$('#head')).uploadFile(head);
        await result(other.page, /It knows Car, Animal\. To train again, add pictures/);
        assert.deepEqual(await names(other.page), ['Car', 'Animal']);
        assert.deepEqual([faults, other.faults], [[], []]);
      },
    );

    test('the camera takes one picture per click and many while its button is held', LIMIT, async (t) => {
      const before = (page) =>
        page.evaluateOnNewDocument(() => {
          if (navigator.mediaDevices === undefined) return; // an empty page before the demo
          const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
          const context = canvas.getContext('2d');
          setInterval(() => context.fillRect(Math.random() * 160, 0, 9, 120), 20);
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
        });
      const { page, faults } = await open(t, { before });
      const count = () => page.$$eval('.class-pictures li', (all) => all.length);
      await page.click('.class .tools button:not(.primary)');
      const snap = await page.waitForSelector('.class .tools button.primary:not([hidden])');
      await page.waitForFunction(() => document.querySelector('.class video').videoWidth > 0);
      await snap.click();
      await page.waitForFunction(() => document.querySelectorAll('.class-pictures li').length === 1);
      await snap.hover();
      await page.mouse.down();
      await page.waitForFunction(() => document.querySelectorAll('.class-pictures li').length >= 5);
      await page.mouse.up();
      await page.waitForFunction(() => document.querySelectorAll('.class-pictures li').length >= 5);
      const after = await count();
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
      assert.ok((await count()) <= after + 1, 'it stops when the button is let go');
      assert.deepEqual(faults, []);
    });

    test('a notice goes when its cause does', LIMIT, async (t) => {
      const { page } = await open(t);
      await train(page);
      await page.waitForSelector('#training-notice:not([hidden])');
      await fill(page, 0, 'Same', ['horse.jpg']);
      await page.waitForSelector('#training-notice[hidden]');
      await fill(page, 1, 'Same', ['deer.jpg']);
      await train(page);
      await page.waitForSelector('#training-notice:not([hidden])');
      await (await page.$$('.class-name'))[1].type('x');
      await page.waitForSelector('#training-notice[hidden]');
    });

    test('a reload with examples that are not kept asks first, and one without does not', LIMIT, async (t) => {
      const { page } = await open(t, {
        before: (page) =>
          page.evaluateOnNewDocument(() => {
            IDBFactory.prototype.open = () => {
              throw new DOMException('not here', 'SecurityError');
            };
          }),
      });
      const asks = () => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
      assert.equal(await asks(), false);
      await fill(page, 0, 'Horse', ['horse.jpg']);
      assert.equal(await asks(), true);
      await page.$eval('.class-pictures button', (button) => button.click());
      assert.equal(await asks(), false);
    });
  });
}
