// The built package stays within the budgets of tests/budgets.json.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgets, measureSizes, sizesMissing } from '../../bench/sizes.mjs';

test('sizes are within budget', { skip: sizesMissing() }, () => {
  const limits = budgets();
  const sizes = measureSizes();
  assert.deepEqual(Object.keys(sizes).sort(), Object.keys(limits).sort());
  for (const [name, bytes] of Object.entries(sizes))
    assert.ok(bytes <= limits[name], `${name}: ${bytes} of ${limits[name]}`);
});
