// A page in Chromium, Firefox and WebKit, the short set of `run.mjs --short`: the installed package finds its files, loads weights
// and gives Node's bits, in a worker with and without threads and in place, and the demo page works. The packaged variant
// needs no test material; real weights are added where they are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { bestGuess, networkReady, serveDemo, shown, startVisits } from '../support/demo.mjs';
import { logitsInNode } from '../support/in-node.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared } from '../support/prepared.mjs';
import { stage } from '../support/stage.mjs';
import { LIMIT } from '../support/wait.mjs';

const { noWeights } = prepared;
// The same bits as on the machine where these were written down.
const golden = JSON.parse(readFileSync(join(ROOT, 'tests', 'data', 'cifar10', 'logits.json'), 'utf8')).int8;
const FILES = ['clock.jpg', 'traffic-light-alpha.png', 'soccer-ball.bmp'];

/** Loads in the page; hashes of the files' logits by name, the label of the first, info() and the categories. */
const classifyIn = (page, folder, names, options) =>
  page.evaluate(
    async (folder, names, options) => {
      const { ResNet50 } = await import('/package/dist/index.js');
      const { hashOf } = await import('/tools/tools.mjs');
      const model = await ResNet50.load(options);
      const hashes = {};
      for (const file of names) hashes[file] = await hashOf(await model.logits(folder + file));
      const [best] = await model.classify(folder + names[0]);
      const { threads, worker } = model.info();
      const labels = model.weights.categories.map(({ label }) => label);
      await model.dispose();
      return { hashes, best: best.label, threads, worker, labels };
    },
    folder,
    names,
    options,
  );

const WAYS = [
  { way: 'isolated: threads', isolated: true, worker: true },
  { way: 'not isolated: one thread', isolated: false, worker: true },
  { way: 'not isolated, in place', isolated: false, worker: false },
];

for (const name of BROWSERS) {
  describe(`${name}: smoke`, { skip: browserMissing(name) }, () => {
    const stages = new Map([true, false].map((isolated) => [isolated, stage(name, { isolated })]));

    for (const { way, isolated, worker } of WAYS) {
      const inPage = (...args) => stages.get(isolated).open((page) => classifyIn(page, ...args));
      const check = (info) => {
        assert.equal(info.worker, worker);
        assert.ok(isolated ? info.threads >= 2 : info.threads === 1, `${info.threads} threads`);
      };

      test(`the packaged variant, ${way}`, LIMIT, async () => {
        const result = await inPage('/cifar10/', Object.keys(golden), { weights: 'CIFAR10_DEMO', worker });
        assert.deepEqual(result.hashes, golden);
        assert.deepEqual([result.labels.length, result.labels[9]], [10, 'truck']);
        check(result);
      });

      test(`real weights, ${way}`, { ...LIMIT, skip: noWeights }, async () => {
        const result = await inPage('/pictures/', FILES, { weights: 'pqf', worker });
        assert.deepEqual(result.hashes, await logitsInNode(FILES));
        assert.equal(result.best, 'wall clock');
        check(result);
      });
    }
  });

  describe(`${name}: smoke, the demo page`, { skip: browserMissing(name) }, () => {
    let [site, visits] = [];
    before(async () => {
      const weights = join(ROOT, 'weights', 'CIFAR10_DEMO');
      [site, visits] = await Promise.all([serveDemo(weights), startVisits(name)]);
    });
    after(() => Promise.all([site?.close(), visits?.close()]));

    test('comes up, and names what a sample shows', LIMIT, async (t) => {
      const { page, faults } = await visits.open(t, site.url);
      await networkReady(page);
      assert.match(await shown.facts(page), /CIFAR10_DEMO/);
      await page.click('.sample img[src$="/cargo-ship.jpg"]');
      await bestGuess(page, 'ship');
      assert.deepEqual([faults, visits.foreign()], [[], []]);
    });
  });
}
