// Which flavor runs where not all are built: after `npm start`, which builds for Node.js only.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { importSource } from './helpers.mjs';

const { offered } = await importSource('node/built-flavours.ts');
const choice = (flavour, threads = 1) => ({ flavour, threads, why: ['as asked'] });

describe('flavors that are not built are not offered', () => {
  const cases = [
    // [chosen, threads, built, runs, on threads]
    ['simd', 1, ['simd-threads'], 'simd-threads', 1],
    ['relaxed', 1, ['simd-threads', 'relaxed-threads'], 'relaxed-threads', 1],
    ['relaxed-threads', 2, ['simd-threads'], 'simd-threads', 2],
    ['relaxed-threads', 2, ['simd', 'relaxed'], 'relaxed', 1],
    ['relaxed-threads', 4, ['simd'], 'simd', 1],
    ['simd-threads', 2, ['simd'], 'simd', 1],
  ];
  for (const [flavour, threads, built, runs, on] of cases) {
    test(`${flavour} on ${threads} with ${built.join(', ')} built: ${runs} on ${on}`, () => {
      const result = offered(choice(flavour, threads), false, built);
      assert.deepEqual([result.flavour, result.threads], [runs, on]);
      assert.match(result.why.at(-1), new RegExp(`^${runs}: ${flavour} is not built \\(npm run build\\)$`));
    });
  }

  test('what is built is taken as it was chosen', () => {
    const wanted = choice('simd', 1);
    assert.equal(offered(wanted, false, ['simd', 'simd-threads']), wanted);
    assert.equal(offered(wanted, true, ['simd']), wanted);
  });

  test('where no module lies beside the package, as in a bundle, the choice stands', () => {
    const wanted = choice('relaxed-threads', 2);
    assert.equal(offered(wanted, true, []), wanted);
  });

  test('a flavor that was asked for by name is refused with the remedy', () => {
    assert.throws(
      () => offered(choice('relaxed', 1), true, ['simd-threads']),
      (error) => {
        assert.equal(error.code, 'CORE_LOAD_FAILED');
        assert.equal(error.subject, 'relaxed');
        assert.match(error.message, /flavour 'relaxed' is not built here \(only simd-threads\).*npm run build/);
        return true;
      },
    );
  });

  test('plain SIMD is never replaced by relaxed SIMD, which the engine may not have', () => {
    assert.throws(() => offered(choice('simd', 1), false, ['relaxed', 'relaxed-threads']), /is not built here/);
  });
});
