// Checkpoints of the shapes that people have: each is converted and gives PyTorch's numbers, or is refused with the reason.
// tests/tools/checkpoint-table.mjs prints the outcomes as docs/checkpoints.md has them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listShapes, ShapeMaker, tryShape } from '../support/checkpoint-shapes.mjs';
import { coreMissing, scratch } from './helpers.mjs';

const shapes = listShapes();
const skip = coreMissing() || (shapes === undefined && "Debian's python3-torchvision is not installed");

test('checkpoints of all shapes', { skip }, async (t) => {
  const folder = await scratch(t);
  const maker = new ShapeMaker(folder);
  assert.ok(shapes.length >= 40, `${shapes.length} shapes`);
  try {
    for (const { name } of shapes) {
      await t.test(name, async () => {
        const { faults } = await tryShape(maker, name, folder);
        assert.deepEqual(faults, []);
      });
    }
  } finally {
    await maker.close();
  }
});
