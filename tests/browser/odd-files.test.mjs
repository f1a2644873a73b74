// Picture files of odd but valid kinds: a page takes whatever its own <img> shows, and sees the same picture.
// docs/decoder-table.md has the figures, by tests/tools/odd-files-in-browsers.mjs.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { figures, makeOddFiles, oddFilesIn } from '../support/odd-files.mjs';
import { LIMIT } from '../support/wait.mjs';

const made = makeOddFiles();
after(() => made.remove?.());
if (made.missing && process.env.CI) throw new Error(`required in CI: ${made.missing}`);

for (const name of BROWSERS) {
  describe(`${name}: odd files`, { skip: browserMissing(name) || made.missing }, () => {
    test('what <img> shows, or has a size of, is taken, and looks the same', LIMIT, async (t) => {
      const rows = await oddFilesIn(name, made);
      for (const [file, { sized, img, address, blob }] of Object.entries(rows)) {
        const outcomes = { img, address, blob };
        if (sized) assert.deepEqual(outcomes, { img: 'taken', address: 'taken', blob: 'taken' }, file);
        assert.ok(!Object.values(outcomes).some((outcome) => outcome.startsWith('untyped')), JSON.stringify(outcomes));
      }
      const counted = figures(rows);
      t.diagnostic(JSON.stringify(counted));
      assert.deepEqual(counted.deviates, []);
      assert.ok(counted.exact + counted.close >= 30, 'so many are compared at least');
    });
  });
}
