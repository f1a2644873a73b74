// The demo page as its visitors use it: every way in, isolated and not, on plain static hosting under a path,
// by keyboard alone, and when things go wrong. Real weights; skipped by name where there are none.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing, lacks, narrowest } from '../support/browsers.mjs';
import {
  bestGuess,
  clickAtRest,
  drop,
  EMPTY,
  networkReady,
  noticed,
  paste,
  pasteWords,
  run,
  serveDemo,
  serveStatic,
  shown,
  startVisits,
} from '../support/demo.mjs';
import { png } from '../support/png.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared } from '../support/prepared.mjs';
import { startServer } from '../support/server.mjs';
import { slowLine } from '../support/slow-line.mjs';
import { LIMIT } from '../support/wait.mjs';

const { noWeights, weightsFolder } = prepared;

const PICTURES = join(ROOT, 'tests', 'data', 'pictures');
/** Samples that a network finds hard, and what they are there for. */
const HARD = JSON.parse(readFileSync(join(ROOT, 'demo', 'samples', 'pictures.json'), 'utf8'));
const SAMPLES = JSON.parse(readFileSync(join(PICTURES, 'pictures.json'), 'utf8')).filter(({ shown }) => shown);
const TEN = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const picture = (file) => join(PICTURES, file);
const sample = (file) => `.sample img[src$="/${file}"]`;

/** In the page: resolves when the network begins to load after this call, and fails. */
function loadsAndFails() {
  const box = document.querySelector('#progress');
  return new Promise((resolve) => {
    let began = false;
    new MutationObserver(() => {
      began ||= box.dataset.state === 'loading';
      if (began && box.dataset.state === 'failed') resolve();
    }).observe(box, { attributes: true });
  });
}

/** A few bytes that claim to be a picture of this size. */
const huge = png({ width: 12_000, height: 12_000, color: 'rgb' }, Buffer.alloc(64));

for (const name of BROWSERS) {
  describe(`${name}: the demo`, { skip: browserMissing(name) || noWeights }, () => {
    let scratch;
    let weights;
    let visits;
    let isolated;
    const open = (t, url, options) => visits.open(t, url, options);
    const build = async (folder, ...options) => {
      const out = join(scratch, folder);
      const args = ['demo/build.mjs', '--no-build', EMPTY, '--weights', weights, '--out', out, ...options];
      const { status, stderr } = await run(args);
      assert.equal(status, 0, stderr);
      return out;
    };

    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'resnet50-wasm-demo-test-'));
      weights = join(weightsFolder, 'pqf');
      [visits, isolated] = await Promise.all([startVisits(name), serveDemo(weights)]);
    });
    after(async () => {
      await Promise.all([visits?.close(), isolated?.close()]);
      await rm(scratch, { recursive: true, force: true });
    });

    test('served isolated: threads, and the right label for every sample', LIMIT, async (t) => {
      const { page, faults } = await open(t, isolated.url);
      await networkReady(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      assert.match(await shown.facts(page), cores > 1 ? /-threads.*\d threads: \d+ processors/s : /one processor/);
      assert.equal((await page.$$('.sample')).length, SAMPLES.length + HARD.length);
      for (const { file, label, what } of SAMPLES) {
        await clickAtRest(page, sample(file));
        await bestGuess(page, label);
        assert.equal(await page.$eval('#photo-image', (image) => image.alt), what);
        assert.match(await shown.status(page), new RegExp(`^Best guess: ${label}, [>\\d.]+%, then`));
        assert.equal(await page.$eval('.sample[aria-current="true"] img', (image) => image.alt), what);
      }
      assert.equal((await shown.labels(page)).length, 5);
      assert.match(await shown.timing(page), /^[\d.]+ ms · \d+ threads? · (relaxed|plain) SIMD$/);
      assert.deepEqual(faults, []);
    });

    test('served without isolation: one thread, and why', LIMIT, async (t) => {
      const plain = await serveDemo(weights, '--no-isolation');
      t.after(plain.close);
      const { page, faults } = await open(t, plain.url);
      await networkReady(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), false);
      assert.match(await shown.facts(page), /1 thread: the page is not cross-origin isolated/);
      await clickAtRest(page, sample('golf-ball.jpg'));
      await bestGuess(page, 'golf ball');
      assert.match(await shown.timing(page), / 1 thread /);
      assert.deepEqual(faults, []);
    });

    test('samples that are hard: what to look for is said, and it is so', LIMIT, async (t) => {
      const { page, faults } = await open(t, isolated.url);
      const remark = () => page.$eval('#remark', (line) => line.textContent);
      const firstTwo = async () => (await shown.labels(page)).slice(0, 2);
      const said = Object.fromEntries(HARD.map((hard) => [hard.file, hard.remark]));
      await clickAtRest(page, sample('green-basketball.jpg'));
      await bestGuess(page, 'tennis ball');
      assert.equal(await remark(), said['green-basketball.jpg']);
      await clickAtRest(page, sample('two-balls.jpg'));
      await bestGuess(page, 'soccer ball');
      assert.deepEqual(await firstTwo(), ['soccer ball', 'basketball']);
      assert.equal(await remark(), said['two-balls.jpg']);
      await clickAtRest(page, sample('clock.jpg'));
      await bestGuess(page, 'wall clock');
      assert.equal(await remark(), '');
      assert.deepEqual(faults, []);
    });

    test('plain static hosting under a path: the service worker brings threads', LIMIT, async (t) => {
      const host = await serveStatic(await build('static'), '/some/where/');
      t.after(host.close);
      const { page, faults } = await open(t, host.url);
      await networkReady(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      await clickAtRest(page, sample('clock.jpg'));
      await bestGuess(page, 'wall clock');
      await page.reload();
      await networkReady(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      assert.deepEqual(faults, []);
    });

    test('plain static hosting without the service worker: one thread', LIMIT, async (t) => {
      const host = await serveStatic(await build('static-plain', '--no-isolation-worker'), '/here/');
      t.after(host.close);
      const { page, faults } = await open(t, host.url);
      await networkReady(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), false);
      await clickAtRest(page, sample('crossword.jpg'));
      await bestGuess(page, 'crossword puzzle');
      assert.deepEqual(faults, []);
    });

    test('a service worker that cannot isolate does not make the page reload for ever', LIMIT, async (t) => {
      const site = await build('static-broken');
      await writeFile(join(site, 'isolation-worker.js'), '// adds nothing');
      const host = await serveStatic(site, '/');
      t.after(host.close);
      const { page } = await open(t, host.url);
      await networkReady(page);
      assert.equal(host.requests.filter(({ path }) => path === '/').length, 2);
      assert.match(await shown.facts(page), /1 thread: the page is not cross-origin isolated/);
    });

    test(
      'two networks: chosen by name, the picture is looked at anew, the samples are those that it knows',
      LIMIT,
      async (t) => {
        const both = await serveDemo(weights, '--weights', join(ROOT, 'weights', 'CIFAR10_DEMO'));
        t.after(both.close);
        const { page, faults } = await open(t, both.url);
        await clickAtRest(page, sample('clock.jpg'));
        await bestGuess(page, 'wall clock');
        assert.deepEqual(await page.$$eval('#variant option', (all) => all.map((e) => e.textContent)), [
          'pqf: 1000 kinds of things',
          'CIFAR-10: ten kinds of things',
        ]);
        await page.select('#variant', '1');
        await page.waitForFunction(() => /CIFAR10_DEMO/.test(document.querySelector('#facts').textContent));
        await page.waitForFunction(
          (known) => known.includes(document.querySelector('#guesses .label').textContent),
          {},
          TEN,
        );
        await clickAtRest(page, sample('cargo-ship.jpg'));
        await bestGuess(page, 'ship');
        assert.equal(await page.$(sample('clock.jpg')), null);
        await page.select('#variant', '0');
        await page.select('#variant', '1'); // the first of the two is still on its way
        await page.select('#variant', '0');
        await bestGuess(page, 'container ship');
        await clickAtRest(page, sample('crossword.jpg'));
        await bestGuess(page, 'crossword puzzle');
        assert.deepEqual(faults, []);
      },
    );

    test('files: chosen, dropped, pasted', LIMIT, async (t) => {
      const { page, faults, context } = await open(t, isolated.url);
      const input = await page.$('#file');
      await input.uploadFile(picture('clock-orientation-6.jpg'));
      await bestGuess(page, 'wall clock');
      await drop(page, [picture('soccer-ball.bmp')]);
      await bestGuess(page, 'soccer ball');
      await paste(page, context, picture('traffic-light-alpha.png'));
      await bestGuess(page, 'traffic light');
      await input.uploadFile(picture('clock-orientation-6.jpg'));
      await bestGuess(page, 'wall clock');
      assert.equal(await page.$('.sample[aria-current="true"]'), null);
      assert.deepEqual(faults, []);
    });

    test('a picture chosen while the network loads is classified once it is there', LIMIT, async (t) => {
      const line = await slowLine(isolated.url, 4e6);
      t.after(line.close);
      const { page } = await open(t, line.url);
      await clickAtRest(page, sample('basketball.jpg'));
      await page.waitForSelector('#photo[data-state="picture"]');
      assert.match(await page.$eval('#prompt', (e) => e.textContent), /next, as soon as the network/);
      await drop(page, [join(PICTURES, 'pictures.json')]);
      assert.match(await noticed(page), /^“pictures\.json” is not a picture/);
      await bestGuess(page, 'basketball');
    });

    test('loading: exact totals, stopped, started again with the picture that waits', LIMIT, async (t) => {
      const line = await slowLine(isolated.url, 4e6);
      t.after(line.close);
      const { page } = await open(t, line.url);
      const manifest = JSON.parse(readFileSync(join(weights, 'manifest.json'), 'utf8'));
      const total = manifest.precisions.int8.shards.reduce((sum, { bytes }) => sum + bytes, 0);
      await page.waitForFunction((max) => document.querySelector('progress').max === max, {}, total);
      await clickAtRest(page, sample('tennis-ball.jpg'));
      await page.waitForSelector('#photo[data-state="picture"]');
      await page.focus('#progress-button');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#progress[data-state="stopped"]');
      assert.equal(await shown.progress(page), 'Loading was stopped.');
      line.setSpeed(Number.POSITIVE_INFINITY);
      await page.keyboard.press('Enter');
      await bestGuess(page, 'tennis ball');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'panel-title');
    });

    test('what is no picture gets one sentence, and the page goes on', LIMIT, async (t) => {
      const { page, faults } = await open(t, isolated.url);
      const at = (name) => join(scratch, name);
      await writeFile(at('notes.txt'), 'no picture');
      await writeFile(at('fake.jpg'), 'no picture either');
      await writeFile(at('huge.png'), huge);
      await writeFile(at('cut.jpg'), readFileSync(picture('clock.jpg')).subarray(0, 16_000));
      await clickAtRest(page, sample('clock.jpg'));
      await bestGuess(page, 'wall clock');
      for (const [file, sentence] of [
        ['notes.txt', /^“notes\.txt” is not a picture: choose a JPEG[^.]*\.$/],
        ['fake.jpg', /^“fake\.jpg” is not a picture: choose a JPEG[^.]*\.$/],
        ['huge.png', /^“huge\.png” is too large: choose a smaller picture[^.]*\.$/],
      ]) {
        await drop(page, [at(file)]);
        await page.waitForFunction((n) => document.querySelector('#notice').textContent.includes(n), {}, file);
        assert.match(await noticed(page), sentence);
        const clock = SAMPLES.find((known) => known.file === 'clock.jpg').what;
        assert.equal(
          await page.$eval('#photo-image', (image) => image.complete && image.naturalWidth > 0 && image.alt),
          clock,
          file,
        );
        assert.equal((await shown.labels(page))[0], 'wall clock', `the last result comes back after ${file}`);
        assert.equal(await page.$eval('#prompt', (e) => e.textContent), '');
      }
      // The browser draws what there is of it, and what a page shows is classified.
      await drop(page, [at('cut.jpg')]);
      await page.waitForFunction(() => document.querySelector('#photo-image').alt === 'cut.jpg');
      await bestGuess(page, 'wall clock');
      assert.equal(await shown.notice(page), '');
      await clickAtRest(page, sample('golf-ball.jpg'));
      await bestGuess(page, 'golf ball');
      assert.equal(await shown.notice(page), '');
      assert.deepEqual(faults, []);
    });

    test('an empty clipboard is said to be one', LIMIT, async (t) => {
      const { page, context } = await open(t, isolated.url);
      await pasteWords(page, context);
      assert.match(await noticed(page), /^There is no picture on the clipboard: copy one/);
    });

    test(
      'missing weights: one sentence with the remedy, samples still shown, another attempt possible',
      LIMIT,
      async (t) => {
        const site = await build('static-weightless', '--no-isolation-worker');
        const kept = join(scratch, 'kept');
        await cp(join(site, 'weights'), kept, { recursive: true });
        await rm(join(site, 'weights'), { recursive: true });
        const host = await serveStatic(site, '/demo/');
        t.after(host.close);
        const { page } = await open(t, host.url);
        await page.waitForSelector('#progress[data-state="failed"]');
        assert.match(await shown.progress(page), /^The weights are missing on this server: .*demo:build.*\.$/);
        const failedAgain = page.evaluate(loadsAndFails); // a picture makes the page try once more by itself
        await clickAtRest(page, sample('spider-web.jpg'));
        await page.waitForSelector('#photo[data-state="picture"]');
        await failedAgain;
        await cp(kept, join(site, 'weights'), { recursive: true });
        await clickAtRest(page, '#progress-button');
        await bestGuess(page, 'spider web');
      },
    );

    test('keyboard alone: everything is reached, its focus is seen, and it works', LIMIT, async (t) => {
      const { page } = await open(t, isolated.url);
      await networkReady(page);
      const reached = [];
      for (let i = 0; i < 4 + SAMPLES.length; i++) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate(focusAndItsMark));
      }
      assert.deepEqual(
        reached.map((item) => item.name),
        ['teach', 'own', 'file', 'camera', ...SAMPLES.map(({ what }) => what)],
      );
      for (const { name: item, outline } of reached) assert.equal(outline, 'solid 3px', item);
      await page.keyboard.press('Enter');
      await bestGuess(page, SAMPLES.at(-1).label);
      await page.keyboard.down('Shift');
      await page.keyboard.press('Tab');
      await page.keyboard.up('Shift');
      await page.keyboard.press(' ');
      await bestGuess(page, SAMPLES.at(-2).label);
    });

    test('keyboard alone: the file chooser opens', { ...LIMIT, skip: lacks(name, 'file chooser') }, async (t) => {
      const { page } = await open(t, isolated.url);
      await networkReady(page);
      await page.focus('#file');
      const chooser = page.waitForFileChooser();
      await page.evaluate(() => undefined); // by then the chooser is awaited
      await page.keyboard.press('Enter');
      await (await chooser).accept([picture('traffic-light-alpha.png')]);
      await bestGuess(page, 'traffic light');
    });

    test(
      'a guess shows where it was seen, by mouse and keyboard, until it is hidden or another picture comes',
      LIMIT,
      async (t) => {
        const { page, faults } = await open(t, isolated.url);
        await clickAtRest(page, sample('clock.jpg'));
        await bestGuess(page, 'wall clock');
        assert.equal(await page.$('#photo-heat:not([hidden])'), null);
        await clickAtRest(page, '.guesses li:nth-child(1) .label');
        await page.waitForSelector('#photo-heat:not([hidden])');
        const opacities = () =>
          page.$eval('#photo-heat', (canvas) => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const [at, width] = [
              (x, y) => data[(Math.floor(y * canvas.height) * canvas.width + Math.floor(x * canvas.width)) * 4 + 3],
              canvas.width,
            ];
            return { middle: at(0.5, 0.5), edge: at(0.01, 0.5), width };
          });
        const first = await opacities();
        assert.ok(first.middle > 60 && first.edge === 0, JSON.stringify(first));
        assert.equal(await page.$eval('.guesses .label', (e) => e.ariaPressed), 'true');
        await page.waitForFunction(() =>
          /where wall clock was seen/.test(document.querySelector('#status').textContent),
        );
        // It lies on the picture, whose shape it has.
        const boxes = await page.$$eval('#photo-image, #photo-heat', (all) =>
          all.map((e) => [e.clientWidth, e.clientHeight]),
        );
        assert.deepEqual(boxes[0], boxes[1]);

        await page.focus('.guesses li:nth-child(2) .label');
        await page.keyboard.press('Enter');
        await page.waitForSelector('.guesses li:nth-child(2) .label[aria-pressed="true"]');
        assert.equal((await page.$$('.guesses .label[aria-pressed="true"]')).length, 1);
        await page.waitForSelector('#photo-heat:not([hidden])');
        await page.keyboard.press(' ');
        await page.waitForSelector('#photo-heat[hidden]');
        await clickAtRest(page, '.guesses li:nth-child(1) .label');
        await page.waitForSelector('#photo-heat:not([hidden])');
        await clickAtRest(page, sample('jack-o-lantern.jpg'));
        await page.waitForSelector('#photo-heat[hidden]');
        await bestGuess(page, "jack-o'-lantern");
        assert.equal(await page.$('#photo-heat:not([hidden])'), null);
        assert.deepEqual(faults, []);
      },
    );

    test('similar pictures line up; one that cannot be read is named', LIMIT, async (t) => {
      const { page, faults } = await open(t, isolated.url);
      const broken = join(scratch, 'broken.jpg');
      await writeFile(broken, 'no picture');
      const files = ['jack-o-lantern.jpg', 'tennis-ball.jpg', 'clock.jpg', 'tennis-ball-progressive.jpg'].map(picture);
      const input = await page.$('#similar-files');
      await input.uploadFile(...files, broken);
      await page.waitForFunction(() => /Choose one/.test(document.querySelector('#similar-status').textContent), {
        timeout: 60_000,
      });
      assert.match(await page.$eval('#similar-notice', (e) => e.textContent), /“broken\.jpg” is not a picture/);
      const names = () => page.$$eval('#similar-list img', (all) => all.map((e) => e.alt));
      assert.equal((await names()).length, 4);
      await page.focus('#similar-list li:nth-child(4) button');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#similar-list li:first-child button[aria-pressed="true"]');
      assert.deepEqual((await names()).slice(0, 2), ['tennis-ball-progressive.jpg', 'tennis-ball.jpg']);
      assert.equal(
        await page.evaluate(() => document.activeElement.querySelector('img').alt),
        'tennis-ball-progressive.jpg',
      );
      const scores = await page.$$eval('.likeness', (all) => all.map((e) => Number.parseInt(e.textContent, 10)));
      assert.deepEqual(
        scores,
        [...scores].sort((a, b) => b - a),
      );
      assert.ok(scores[1] > 90 && scores[3] < 80, String(scores));
      assert.match(await page.$eval('#similar-status', (e) => e.textContent), /tennis-ball\.jpg, \d+% alike/);
      assert.deepEqual(faults, []);
    });

    test('the camera: frames are classified until it is stopped, or a picture is chosen', LIMIT, async (t) => {
      const { page, faults } = await open(t, isolated.url);
      await networkReady(page);
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#photo[data-state="camera"]');
      await page.waitForFunction(() => / per frame /.test(document.querySelector('#timing').textContent));
      assert.equal((await shown.labels(page)).length, 5);
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#photo[data-state="empty"]');
      assert.deepEqual(await shown.labels(page), []);
      await clickAtRest(page, '#camera');
      await page.waitForSelector('#photo[data-state="camera"]');
      await clickAtRest(page, sample('clock.jpg'));
      await bestGuess(page, 'wall clock');
      assert.equal(await page.$eval('#photo-video', (video) => video.srcObject), null);
      assert.deepEqual(faults, []);
    });

    test('a camera that is refused or absent is said to be so', LIMIT, async (t) => {
      const { page } = await open(t, isolated.url);
      for (const [error, sentence] of [
        ['NotAllowedError', /^The camera is blocked: allow it/],
        ['NotFoundError', /^No camera was found: connect one/],
      ]) {
        await page.evaluate((error) => {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', error));
        }, error);
        await clickAtRest(page, '#camera');
        assert.match(await noticed(page), sentence);
        assert.equal(await page.$eval('#photo', (photo) => photo.dataset.state), 'empty');
      }
    });

    const dressed = { ...LIMIT, skip: lacks(name, 'media features') };
    test('fits a phone and a desk, in both themes; moves nothing for those who asked so', dressed, async (t) => {
      for (const scheme of ['light', 'dark']) {
        const features = [
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ];
        const { page } = await open(t, isolated.url, { width: 390, features });
        await clickAtRest(page, sample('jack-o-lantern.jpg'));
        await bestGuess(page, "jack-o'-lantern");
        const { top, bottom } = await page.$eval('#photo', (photo) => photo.getBoundingClientRect().toJSON());
        assert.ok(top >= 0 && bottom <= 860, `the picture came into view: ${top} to ${bottom}`);
        for (const width of [narrowest(name), 390, 1280]) {
          await page.setViewport({ width, height: 860 });
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${width} px`);
        }
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(Number(/\d+/.exec(paper)[0]) > 128, scheme === 'light', paper);
        const bar = await page.$eval('.bar', (e) => getComputedStyle(e, '::before').transitionDuration);
        assert.equal(bar, '0s');
      }
    });

    test('nothing was asked of any other host', LIMIT, async (t) => {
      assert.deepEqual(visits.foreign(), []);
      // The trap does catch what a page without our policy asks, and the policy lets nothing through to it.
      const { page } = await open(t, isolated.url);
      const ask = (address) => fetch(address, { mode: 'no-cors' }).catch(() => undefined);
      await page.evaluate(ask, 'http://elsewhere.test/from-the-page');
      const plain = await startServer({ folders: {}, pages: { '/': '<!doctype html><title>plain</title>' } });
      t.after(plain.close);
      await page.goto(`http://localhost:${plain.port}/`);
      await page.evaluate(ask, 'http://elsewhere.test/from-a-plain-page');
      assert.deepEqual(visits.foreign(), ['http://elsewhere.test/from-a-plain-page']);
    });

    test('text and wasm arrive compressed, shards and pictures as they are', LIMIT, async () => {
      const { networks } = await (await fetch(new URL('site.json', isolated.url))).json();
      const [{ name: network, samples }] = networks;
      const manifest = `weights/${network}/manifest.json`;
      const { precisions } = await (await fetch(new URL(manifest, isolated.url))).json();
      const encodingOf = async (path, accepted) => {
        const answer = await fetch(new URL(path, isolated.url), { headers: { 'Accept-Encoding': accepted } });
        const bytes = Buffer.from(await answer.arrayBuffer()); // decoded by fetch
        return {
          encoding: answer.headers.get('content-encoding'),
          bytes,
          length: answer.headers.get('content-length'),
        };
      };
      const [folder] = /package-\w+/.exec(await (await fetch(isolated.url)).text());
      for (const path of ['index.html', `${folder}/index.js`, `${folder}/wasm/resnet50-relaxed.wasm`, manifest]) {
        const plain = await encodingOf(path, 'identity');
        const zipped = await encodingOf(path, 'gzip');
        assert.deepEqual([plain.encoding, zipped.encoding], [null, 'gzip'], path);
        assert.deepEqual(zipped.bytes, plain.bytes, path);
        assert.ok(Number(zipped.length) < 0.6 * plain.bytes.length, path);
      }
      for (const path of [`weights/${network}/${precisions.int8.shards[0].file}`, `samples/${samples[0].file}`])
        assert.equal((await encodingOf(path, 'gzip')).encoding, null, path);
    });

    test('the commands say what is wrong, and leave folders of others alone', LIMIT, async () => {
      const nowhere = await run(['demo/serve.mjs', '--no-build', '--weights', scratch]);
      assert.equal(nowhere.status, 1);
      assert.match(nowhere.stderr, /holds no manifest\.json: name a folder that 'resnet50-wasm convert' wrote\n$/);
      const busy = new URL(isolated.url).port;
      const taken = await run(['demo/serve.mjs', '--no-build', '--weights', weights, '--port', busy]);
      assert.match(taken.stderr, new RegExp(`port ${busy} is taken: choose another one with --port\n$`));
      const foreign = await run(['demo/build.mjs', '--no-build', '--weights', weights, '--out', weights]);
      assert.match(foreign.stderr, /is not empty and holds no earlier demo: name another folder with --out\n$/);
      assert.ok(readFileSync(join(weights, 'manifest.json')).length > 0);
      const wrong = await run([
        'demo/build.mjs',
        '--no-build',
        EMPTY,
        '--weights',
        weights,
        '--out',
        join(scratch, 'url'),
        '--url',
        'demo',
      ]);
      assert.match(wrong.stderr, /--url demo: must be the whole address of a folder/);
      const out = await build('with-url', '--url', 'https://example.org/demo/');
      const page = readFileSync(join(out, 'index.html'), 'utf8');
      assert.match(page, /<meta property="og:image" content="https:\/\/example\.org\/demo\/preview\.webp">/);
      assert.ok(existsSync(join(out, 'preview.webp')));
    });
  });
}

/** In the page: what has the focus, and the outline that shows it (a hidden input's is its label's). */
function focusAndItsMark() {
  const active = document.activeElement;
  const marked = active.classList.contains('visually-hidden') ? active.nextElementSibling : active;
  const { outlineStyle, outlineWidth } = getComputedStyle(marked);
  return { name: active.id || active.querySelector('img')?.alt, outline: `${outlineStyle} ${outlineWidth}` };
}
