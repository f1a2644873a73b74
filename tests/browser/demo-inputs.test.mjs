// The demo's inputs in both browsers: what is pasted and dropped, by file and by address, several at a time; and what a
// page says that is not whole. CIFAR10_DEMO's weights, which are part of the repository.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import {
  bestGuess,
  EMPTY,
  networkReady,
  noticed,
  run,
  serveDemo,
  serveStatic,
  shown,
  startVisits,
} from '../support/demo.mjs';
import { ROOT } from '../support/prepare.mjs';
import { startServer } from '../support/server.mjs';
import { LIMIT } from '../support/wait.mjs';

const WEIGHTS = join(ROOT, 'weights', 'CIFAR10_DEMO');
const PICTURES = join(ROOT, 'tests', 'data', 'cifar10');

/** In the page: what a user's paste or drop of this does; whether the page took it in the browser's place. */
function bring({ type, on = 'body', texts = {}, files = [] }) {
  const data = new DataTransfer();
  for (const [kind, text] of Object.entries(texts)) data.setData(kind, text);
  for (const { name, mime, base64 } of files) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: mime }));
  }
  const event = new Event(type, { bubbles: true, cancelable: true }); // Firefox empties a ClipboardEvent made by a script
  Object.defineProperty(event, type === 'paste' ? 'clipboardData' : 'dataTransfer', { value: data });
  return !document.querySelector(on).dispatchEvent(event);
}

const photo = (name) => ({ name, mime: 'image/jpeg', base64: readFileSync(join(PICTURES, name)).toString('base64') });

for (const browser of BROWSERS.filter((name) => name !== 'webkit')) {
  describe(`${browser}: what comes into the demo`, { skip: browserMissing(browser) }, () => {
    let [visits, site, scratch] = [];
    const open = (t, path = '', options) => visits.open(t, new URL(path, site.url).href, options);
    const build = async (name) => {
      const out = join(scratch, name);
      const { status, stderr } = await run([
        ...['demo/build.mjs', '--no-build', EMPTY, '--weights', WEIGHTS, '--out', out, '--no-isolation-worker'],
      ]);
      assert.equal(status, 0, stderr);
      return out;
    };

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-demo-inputs-'));
      [visits, site] = await Promise.all([startVisits(browser), serveDemo(WEIGHTS)]);
    });
    after(async () => {
      await Promise.all([visits?.close(), site?.close()]);
      if (scratch) await rm(scratch, { recursive: true, force: true });
    });

    test('text is pasted into names of classes, and raises no alarm there or beside', LIMIT, async (t) => {
      const { page } = await open(t, 'teach.html');
      const paste = { type: 'paste', texts: { 'text/plain': 'Mug' } };
      assert.equal(await page.evaluate(bring, { ...paste, on: '.class-name' }), false, 'left to the browser');
      await page.evaluate(bring, paste);
      assert.equal(await shown.notice(page), '');
      assert.equal(await page.evaluate(bring, { type: 'paste', on: '.class-name', files: [photo('deer.jpg')] }), true);
    });

    test('several files: the first picture is taken, and that is said', LIMIT, async (t) => {
      const { page, faults } = await open(t);
      const notes = { name: 'notes.txt', mime: 'text/plain', base64: '' };
      await page.evaluate(bring, { type: 'drop', files: [notes, photo('cargo-ship.jpg'), photo('deer.jpg')] });
      assert.match(await noticed(page), /^“cargo-ship\.jpg” is one of 3 files: one picture at a time/);
      await bestGuess(page, 'ship');
      assert.match(await shown.notice(page), /one of 3 files/, 'it stays until the next picture');
      await page.evaluate(bring, { type: 'drop', files: [photo('deer.jpg')] });
      await bestGuess(page, 'deer');
      assert.equal(await shown.notice(page), '');
      assert.deepEqual(faults, []);
    });

    test(
      'addresses of pictures: pasted, dropped as a link or from a page; one that is none is named',
      LIMIT,
      async (t) => {
        const { page } = await open(t);
        const at = (name) => new URL(`samples/${name}`, site.url).href;
        await page.evaluate(bring, { type: 'paste', texts: { 'text/plain': ` ${at('cargo-ship.jpg')}\n` } });
        await bestGuess(page, 'ship');
        assert.equal(await page.$eval('#photo-image', (image) => image.alt), 'cargo-ship.jpg');
        await page.evaluate(bring, { type: 'drop', texts: { 'text/uri-list': `# a horse\r\n${at('horse.jpg')}` } });
        await bestGuess(page, 'horse');
        const html = `<a href="https://elsewhere.test/"><img src="${at('deer.jpg')}"></a>`;
        const texts = { 'text/html': html, 'text/uri-list': 'https://elsewhere.test/' };
        await page.evaluate(bring, { type: 'drop', texts });
        await bestGuess(page, 'deer');
        const data = `data:image/jpeg;base64,${photo('frog.jpg').base64}`;
        await page.evaluate(bring, { type: 'paste', texts: { 'text/plain': data } });
        await bestGuess(page, 'frog');
        await page.evaluate(bring, { type: 'paste', texts: { 'text/plain': at('nothing.jpg') } });
        assert.match(await noticed(page), /^There is no picture at that address, or localhost:\d+ does not let/);
        assert.equal((await shown.labels(page))[0], 'frog', 'the last picture stays');
      },
    );

    test('no picture leaves: the policy allows no connection to any other server', LIMIT, async (t) => {
      const { page } = await open(t);
      const sent = await page.evaluate(() =>
        fetch('https://elsewhere.test/', { method: 'POST', body: 'a picture', mode: 'no-cors' }).then(
          () => 'sent',
          () => 'refused',
        ),
      );
      assert.equal(sent, 'refused');
      assert.deepEqual(visits.foreign(), []);
    });

    test('a page that lacks one of its scripts says so and offers nothing dead', LIMIT, async (t) => {
      const out = await build('broken');
      const chunk = readdirSync(join(out, 'assets')).find((name) => name.startsWith('chunk-'));
      await unlink(join(out, 'assets', chunk));
      const host = await serveStatic(out, '/');
      t.after(host.close);
      for (const path of ['', 'teach.html']) {
        const page = await visits.blank(t);
        await page.goto(host.url + path);
        await page.waitForSelector('#broken:not([hidden])');
        assert.match(await page.$eval('#broken', (e) => e.textContent), /could not be loaded: check the\s+connection/);
        assert.equal(await page.$eval('main', (main) => main.inert), true);
      }
    });

    test('a core that is missing is told in words for visitors, and another attempt works', LIMIT, async (t) => {
      const out = await build('workerless');
      const host = await startServer({
        folders: { '/': out },
        caching: 'no-store',
        fault: (_, response, path) => missing && /\.wasm$/.test(path) && response.writeHead(404).end() !== undefined,
      });
      let missing = true;
      t.after(host.close);
      const { page } = await visits.open(t, `${host.origin}/`);
      await page.waitForSelector('#progress[data-state="failed"]', { timeout: 60_000 });
      assert.match(
        await shown.progress(page),
        /^[A-Z][\w ]+ could not be fetched: check the connection, then try again\.$/,
      );
      missing = false;
      await page.click('#progress-button');
      await networkReady(page);
    });

    test('one round of requests brings a page to life: bundled, and what it imports is preloaded', LIMIT, async (t) => {
      const out = await build('round');
      for (const name of ['index.html', 'teach.html', 'own.html']) {
        const html = readFileSync(join(out, name), 'utf8');
        const named = [...html.matchAll(/(?:src|href)="((?:assets|package-\w+)\/[^"]+)"/g)].map(([, file]) => file);
        const scripts = named.filter((file) => file.endsWith('.js'));
        const packages = name === 'own.html' ? 3 : 2; // the isolation's among them, which only some hosts need
        assert.equal(scripts.length, 2 + packages, String(scripts));
        for (const file of named) assert.ok(existsSync(join(out, file)), file);
        for (const file of scripts.filter((script) => script.startsWith('assets/'))) {
          const text = readFileSync(join(out, file), 'utf8');
          const imports = [...text.matchAll(/(?:from|import)"\.\/?([^"]+)"/g)].map(([, path]) =>
            path.split('/').at(-1),
          );
          for (const used of imports)
            assert.ok(
              scripts.some((script) => script.endsWith(used)),
              `${file}: ${used}`,
            );
        }
      }
      const { page } = await open(t);
      const scripts = await page.evaluate(() =>
        performance.getEntriesByType('resource').flatMap(({ name }) => (/\.js$/.test(name) ? [name] : [])),
      );
      assert.ok(scripts.length >= 3 && scripts.filter((name) => /assets/.test(name)).length === 2, String(scripts));
    });
  });
}
