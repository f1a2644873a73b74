// The demo where memory is short: workers whose wasm memory cannot grow beyond a limit, and a page that its browser has ended.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { EMPTY, networkReady, noticed, run, serveDemo, serveStatic, shown, startVisits } from '../support/demo.mjs';
import { blackPng } from '../support/png.mjs';
import { prepared } from '../support/prepared.mjs';
import { LIMIT } from '../support/wait.mjs';

const { noWeights, weightsFolder } = prepared;
const MB = 2 ** 20;

/** Before the script of a worker: its wasm memory ends at so many bytes. */
const limited = (bytes) => `const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > ${bytes}) throw new RangeError('no memory');
  return grow.call(this, pages);
};
`;

for (const name of BROWSERS) {
  describe(`${name}: the demo on a small device`, { skip: browserMissing(name) || noWeights }, () => {
    let scratch;
    let visits;
    /** A static site whose workers have a limit. */
    const serve = async (t, bytes) => {
      const site = join(scratch, String(bytes));
      const weights = join(weightsFolder, 'pqf');
      const { status, stderr } = await run([
        'demo/build.mjs',
        '--no-build',
        EMPTY,
        '--weights',
        weights,
        '--out',
        site,
      ]);
      assert.equal(status, 0, stderr);
      let workers = 0;
      for (const entry of await readdir(site, { recursive: true })) {
        if (!/(^|[\\/])worker-(simd|relaxed)(-threads)?\.js$/.test(entry)) continue;
        const path = join(site, entry);
        await writeFile(path, limited(bytes) + (await readFile(path, 'utf8')));
        workers++;
      }
      assert.equal(workers, 4);
      const host = await serveStatic(site, '/');
      t.after(host.close);
      return host.url;
    };

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-small-'));
      visits = await startVisits(name);
    });
    after(async () => {
      await visits?.close();
      await rm(scratch, { recursive: true, force: true });
    });

    test(
      'memory that ends while the network loads: a sentence with a remedy, and the button tries again',
      LIMIT,
      async (t) => {
        const { page } = await visits.open(t, await serve(t, 24 * MB));
        await page.waitForSelector('#progress[data-state="failed"]', { timeout: 60_000 });
        assert.match(await shown.progress(page), /memory.*close other tabs, then try again\.$/);
        assert.equal(await page.$eval('#progress-button', (button) => button.textContent), 'Try again');
      },
    );

    test('memory that ends with a large picture: a smaller copy is looked at, which is said', LIMIT, async (t) => {
      const { page } = await visits.open(t, await serve(t, 80 * MB));
      await networkReady(page);
      const base64 = blackPng({ width: 4000, height: 3000, color: 'rgb' }).toString('base64');
      await page.evaluate((content) => {
        const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], 'large.png', { type: 'image/png' }));
        const event = new Event('paste', { bubbles: true, cancelable: true });
        Object.defineProperty(event, 'clipboardData', { value: data });
        document.body.dispatchEvent(event);
      }, base64);
      assert.match(
        await noticed(page),
        /not enough memory for the whole picture: the network looked at a smaller copy/,
      );
      assert.equal((await shown.labels(page)).length, 5);
    });

    const noCrash = name !== 'chromium' && 'only Chromium can be told to end a page';
    test('a page that was ended at work does not begin with it again by itself', {
      ...LIMIT,
      skip: noCrash,
    }, async (t) => {
      const demo = await serveDemo(join(weightsFolder, 'pqf'));
      t.after(demo.close);
      const { page } = await visits.open(t, demo.url);
      await networkReady(page);
      await page.reload();
      await networkReady(page); // whoever reloads it gets it again
      await page.evaluate(() => sessionStorage.setItem('at-work', 'loading')); // as it is in the middle of loading
      const session = await page.createCDPSession();
      const ended = new Promise((resolve) => page.once('error', resolve));
      session.send('Page.crash').catch(() => undefined);
      await ended;
      await page.reload();
      await page.waitForSelector('html[data-ready]');
      assert.match(await shown.progress(page), /^The browser ended this page while the network was loading/);
      await page.click('#progress-button');
      await networkReady(page);
      assert.match(await shown.facts(page), /1 thread: as asked/);
    });
  });
}
