// A long life in a real page: thousands of pictures, frames, broken files and aborts on two models side by side, the tab
// hidden and shown (Chromium: frozen, too), loads and disposals. No wrong answer, no growth, no worker left.
// RESNET50_SOAK_COUNT (60) pictures and RESNET50_SOAK_LOADS (4) loads; docs/reliability.md has a run of 5,000 and 50.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pageBytes, settled } from '../support/browser-memory.mjs';
import { BROWSERS, browserMissing, lacks } from '../support/browsers.mjs';
import { prepared } from '../support/prepared.mjs';
import { stage } from '../support/stage.mjs';

const count = Number(process.env.RESNET50_SOAK_COUNT ?? 60);
const loads = Number(process.env.RESNET50_SOAK_LOADS ?? 4);
const MB = 2 ** 20;
const FLAGS = ['--js-flags=--expose-gc'];

/** Bytes by the page's own measure, where it has one and a long run can wait for it (up to 45 s). */
const ownBytes = (page) =>
  page.evaluate(async (wait) => {
    globalThis.gc?.();
    return (wait && (await performance.measureUserAgentSpecificMemory?.())?.bytes) || null;
  }, count >= 1000);

/** The page out of sight and back; what it says of itself meanwhile. */
async function hide(set, page) {
  const other = await set.context.newPage();
  await other.bringToFront();
  const hidden = await page.evaluate(() => document.visibilityState);
  await page.bringToFront();
  await other.close();
  return hidden;
}

async function freeze(page) {
  const session = await page.createCDPSession();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await session.detach();
}

for (const name of BROWSERS) {
  const here = process.platform === 'linux' ? false : '/proc is read';
  const skip = browserMissing(name) || lacks(name, 'hidden pages') || prepared.noWeights || here;
  describe(`${name}: a long life`, { skip }, () => {
    const set = stage(name, {}, name === 'chromium' ? { flags: FLAGS } : {});

    test(`${count} pictures on two models, ${loads} loads`, { timeout: 3_600_000 }, async (t) => {
      await set.open(async (page) => {
        await page.evaluate(async () => {
          const soak = await import('/tools/soak.mjs');
          Object.assign(globalThis, { soak, models: [await soak.load(), await soak.load()], known: {} });
        });
        const round = (from, many) =>
          page.evaluate(
            async (from, many) => {
              const { soak, models, known } = globalThis;
              const model = models[(from / 20) % 2];
              return soak.classifyMany(model, from, many, known);
            },
            from,
            many,
          );
        const bytes = async () => ({
          own: await ownBytes(page),
          resident: await settled(() => pageBytes(set.browser)),
          wasm: await page.evaluate(() => globalThis.models.map((model) => model.info().memoryBytes)),
        });
        const sum = { pictures: 0, refused: 0, aborted: 0 };
        const states = new Set();
        let before;
        for (let from = 0; from < count; from += 20) {
          const { faults, ...seen } = await round(from, 20);
          assert.deepEqual(faults, []);
          for (const key of Object.keys(sum)) sum[key] += seen[key];
          // Every input has been there once: from now on nothing may grow.
          if (from === 40) before = await bytes();
          if (from % 500 === 20) states.add(await hide(set, page));
          if (from % 500 === 20 && name === 'chromium') await freeze(page);
        }
        const after = await bytes();
        await page.evaluate(async (loads) => {
          for (const model of globalThis.models) await model.dispose();
          globalThis.models = [];
          await globalThis.soak.comeAndGo(loads);
        }, loads);
        const end = { own: await ownBytes(page), resident: await settled(() => pageBytes(set.browser)) };
        const workers = page.workers().length;
        const shown = (bytes) => (bytes === null ? 'not told' : `${(bytes / MB).toFixed(1)} MB`);
        t.diagnostic(
          [
            `${sum.pictures} pictures, ${sum.refused} broken files, ${sum.aborted} aborted; hidden: ${[...states]}`,
            `wasm ${before.wasm.map(shown)} -> ${after.wasm.map(shown)}`,
            `measureUserAgentSpecificMemory ${shown(before.own)} -> ${shown(after.own)}, without models ${shown(end.own)}`,
            `resident ${shown(before.resident)} -> ${shown(after.resident)}, after ${loads} loads ${shown(end.resident)}`,
            `${workers} workers at the end`,
          ].join('; '),
        );
        assert.deepEqual(after.wasm, before.wasm);
        assert.equal(workers, 0);
        if (after.own !== null) assert.ok(after.own - before.own < 4 * MB, 'the page grew by its own measure');
        // Two models are over 100 MB: one that stayed would show.
        assert.ok(after.resident - before.resident < 60 * MB, 'the processes grew');
        assert.ok(end.resident - before.resident < 60 * MB, 'loads left something behind');
      });
    });
  });
}
