// What visitors take along from the demo, in both browsers: an address that shows the same to others, words, a picture to keep,
// and the lines for a page of their own. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode } from 'fast-png';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, clickAtRest, serveDemo, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const sample = (file) => `.sample img[src$="/${file}"]`;

/** In the page, before its scripts: remembers what it copies, and files that it gives to download. */
function remember() {
  if (navigator.clipboard === undefined) return; // an empty page before the demo
  window.copied = [];
  window.saved = [];
  navigator.clipboard.writeText = async (text) => void window.copied.push(text);
  HTMLAnchorElement.prototype.click = function () {
    window.saved.push(this.download);
  };
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    window.given = blob; // the page's policy lets no script fetch it
    return create(blob);
  };
}

for (const browser of BROWSERS.filter((name) => name !== 'webkit')) {
  describe(`${browser}: what visitors of the demo take along`, { skip: browserMissing(browser) }, () => {
    let [visits, site] = [];
    const open = (t, path = '') =>
      visits.open(t, new URL(path, site.url).href, { before: (page) => page.evaluateOnNewDocument(remember) });

    before(async () => {
      [visits, site] = await Promise.all([startVisits(browser), serveDemo(WEIGHTS)]);
    });
    after(() => Promise.all([visits?.close(), site?.close()]));

    test('the address shows the sample and the class to others', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      assert.equal(new URL(page.url()).hash, '');
      await clickAtRest(page, sample('cargo-ship.jpg'));
      await bestGuess(page, 'ship');
      await clickAtRest(page, '#guesses .label');
      await page.waitForSelector('#photo-heat:not([hidden])');
      const hash = await page.evaluate(() => location.hash);
      assert.equal(hash, '#sample=cargo-ship.jpg&class=ship');
      const other = await open(t, hash);
      await bestGuess(other.page, 'ship');
      await other.page.waitForSelector('#photo-heat:not([hidden])');
      assert.equal(await other.page.evaluate(() => location.hash), hash);
      const odd = await open(t, '#sample=nothing.jpg&network=NONE&picture=javascript:alert(1)');
      assert.equal(await odd.page.$eval('#photo', (photo) => photo.dataset.state), 'empty');
      assert.deepEqual([faults, other.faults, odd.faults], [[], [], []]);
    });

    test('a result is copied in words and saved as one picture with its map', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      assert.equal(await page.$('#share:not([hidden])'), null);
      await clickAtRest(page, sample('horse.jpg'));
      await bestGuess(page, 'horse');
      await clickAtRest(page, '#copy');
      await until(() => page.evaluate(() => window.copied[0]), { what: 'the words' });
      const words = await page.evaluate(() => window.copied[0]);
      assert.match(words, /^horse [>\d.]+%, \w+ [<\d.]+%, .* \(ResNet-50 in my browser\) http:.*#sample=horse\.jpg$/);
      assert.equal(await page.$eval('#share-status', (e) => e.textContent), 'Copied.');
      const card = async (count) => {
        await clickAtRest(page, '#save');
        await until(() => page.evaluate((n) => window.saved.length === n, count), { what: 'the picture' });
        const { name, bytes } = await page.evaluate(async () => {
          const data = new Uint8Array(await window.given.arrayBuffer());
          return { name: window.saved.at(-1), bytes: [...data] };
        });
        assert.equal(name, 'what-is-in-the-picture.png');
        return decode(Uint8Array.from(bytes));
      };
      const plain = await card(1);
      assert.deepEqual([plain.width, plain.height], [1200, 900]);
      await clickAtRest(page, '#guesses .label');
      await page.waitForSelector('#photo-heat:not([hidden])');
      const withMap = await card(2);
      const differs = plain.data.filter((value, i) => Math.abs(value - withMap.data[i]) > 20).length;
      assert.ok(differs > 20_000, `the map is on it: ${differs}`);
      await clickAtRest(page, sample('deer.jpg'));
      await bestGuess(page, 'deer');
      assert.equal(await page.$eval('#share-status', (e) => e.textContent), '');
      assert.deepEqual(faults, []);
    });

    test('the lines for a page of one’s own name the network that is shown', LIMIT, async (t) => {
      const { page } = await open(t);
      await clickAtRest(page, '#snippet-copy');
      const [lines] = await until(() => page.evaluate(() => window.copied.length > 0 && window.copied));
      assert.match(lines, /import \{ ResNet50 \} from 'resnet50-wasm';\nconst model = .*weights: 'CIFAR10_DEMO' \}\);/);
    });

    test('links to it show a title and a description; it can be installed', LIMIT, async (t) => {
      const { page } = await open(t);
      for (const name of ['og:title', 'og:description'])
        assert.ok((await page.$eval(`meta[property="${name}"]`, (meta) => meta.content)).length > 10, name);
      const manifest = await page.evaluate(async () =>
        (await fetch(document.querySelector('link[rel=manifest]').href)).json(),
      );
      assert.deepEqual([manifest.start_url, manifest.display], ['./', 'standalone']);
      assert.equal(
        JSON.stringify(manifest),
        JSON.stringify(JSON.parse(readFileSync(join(ROOT, 'demo/page/app.webmanifest')))),
      );
    });
  });
}
