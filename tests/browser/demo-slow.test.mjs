// The demo on a slow line: how long it takes, and a network that is a small download: CIFAR10_DEMO's weights by the name SMALL, beside the
// same unpacked.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { serveDemo, serveWhole, shown, startVisits } from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { slowLine } from '../support/slow-line.mjs';
import { LIMIT } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const LARGE_TITLE = 'CIFAR-10: ten kinds of things';
const SMALL_TITLE = `${LARGE_TITLE}, small download`;

/** Writes the weights twice below a folder: as SMALL, and unpacked as a variant that is no small download. */
function writeBoth(folder) {
  const [small, large] = ['small', 'large'].map((name) => join(folder, name));
  cpSync(WEIGHTS, small, { recursive: true });
  mkdirSync(large);
  const manifest = JSON.parse(readFileSync(join(WEIGHTS, 'manifest.json'), 'utf8'));
  const shards = manifest.precisions.int8.shards.map(({ file }) => {
    const bytes = gunzipSync(readFileSync(join(WEIGHTS, file)));
    const name = file.replace('.gzip', '');
    writeFileSync(join(large, name), bytes);
    return { file: name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  const quantization = { ...manifest.quantization, encoding: 'plain' };
  writeFileSync(join(small, 'manifest.json'), JSON.stringify({ ...manifest, name: 'SMALL' }));
  writeFileSync(
    join(large, 'manifest.json'),
    JSON.stringify({ ...manifest, quantization, precisions: { int8: { shards } } }),
  );
  return { small, large };
}

for (const browser of BROWSERS) {
  describe(`${browser}: the demo on a slow line`, { skip: browserMissing(browser) }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'resnet50-wasm-slow-'));
    let [visits, site, alone] = [];
    const inUse = (page) => page.$eval('#variant', (select) => select.selectedOptions[0].textContent);
    const ready = (page) => page.waitForSelector('#progress[data-state="ready"]', { timeout: 60_000 });
    /** What the browser says of its line. */
    const withLine = (line) => ({
      before: (page) =>
        page.evaluateOnNewDocument((value) => Object.defineProperty(navigator, 'connection', { value }), line),
    });

    before(async () => {
      const { small, large } = writeBoth(folder);
      const starting = [startVisits(browser), serveWhole(large, '--weights', small), serveDemo(large)];
      [visits, site, alone] = await Promise.all(starting);
    });
    after(async () => {
      await Promise.all([visits?.close(), site?.close(), alone?.close()]);
      rmSync(folder, { recursive: true, force: true });
    });

    test('says how long loading takes, and offers the small network', LIMIT, async (t) => {
      const line = await slowLine(site.url, 1e6);
      t.after(line.close);
      const { page, faults } = await visits.open(t, line.url);
      assert.equal(await inUse(page), LARGE_TITLE);
      await page.waitForSelector('#small:not([hidden])', { timeout: 60_000 });
      assert.match(await shown.progress(page), /^Loading the network: [\d.]+\sof\s23\.8\sMB, about\s\d+\ss\sleft$/);
      assert.equal(await page.$eval('#small-button', (e) => e.textContent), 'Take the small one: 12 MB');
      line.setSpeed(Number.POSITIVE_INFINITY);
      await page.$eval('#small-button', (button) => button.click());
      await ready(page);
      assert.equal(await inUse(page), SMALL_TITLE);
      assert.match(await page.$eval('#knows', (e) => e.textContent), /Download: 12 MB/);
      assert.match(await shown.facts(page), /SMALL, int8/);
      assert.equal(await page.$('#small:not([hidden])'), null);
      assert.deepEqual([faults, visits.foreign()], [[], []]);
    });

    test('offers nothing where there is no small network', LIMIT, async (t) => {
      const line = await slowLine(alone.url, 1e6);
      t.after(line.close);
      const { page } = await visits.open(t, line.url);
      await page.waitForFunction(() => /left$/.test(document.querySelector('#progress-text').textContent), {
        timeout: 60_000,
      });
      assert.equal(await page.$('#small:not([hidden])'), null);
      line.setSpeed(Number.POSITIVE_INFINITY);
      await ready(page);
    });

    test('begins with the small network where the browser says that the line is slow, and with the same picture', {
      ...LIMIT,
      skip: browser === 'webkit' && 'WebKit says nothing of its line',
    }, async (t) => {
      const { page, faults } = await visits.open(t, site.url, withLine({ effectiveType: '3g' }));
      assert.equal(await inUse(page), SMALL_TITLE);
      assert.equal(await page.$eval('#photo', (photo) => photo.dataset.state), 'picture');
      await ready(page);
      assert.match(await shown.facts(page), /SMALL, int8/);
      assert.equal(await page.evaluate(() => location.hash), '');
      assert.deepEqual(faults, []);
    });

    test('a visitor who saves data, one who asks for a network, and one on a fast line', {
      ...LIMIT,
      skip: browser === 'webkit' && 'WebKit says nothing of its line',
    }, async (t) => {
      const saving = await visits.open(t, site.url, withLine({ saveData: true, effectiveType: '4g' }));
      assert.equal(await inUse(saving.page), SMALL_TITLE);
      assert.match(await shown.progress(saving.page), /not loaded yet/);
      const asking = await visits.open(t, `${site.url}#network=CIFAR10_DEMO`, withLine({ effectiveType: '2g' }));
      assert.equal(await inUse(asking.page), LARGE_TITLE);
      const fast = await visits.open(t, site.url, withLine({ saveData: false, effectiveType: '4g' }));
      assert.equal(await inUse(fast.page), LARGE_TITLE);
    });
  });
}
