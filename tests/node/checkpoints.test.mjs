// Checkpoints of the shapes that people have: each is converted and gives PyTorch's numbers, or is refused with the reason.
// With RESNET50_CHECKPOINT_TABLE=FILE the outcomes are written there, as docs/checkpoints.md has them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { listShapes, ShapeMaker, tryShape } from '../support/checkpoint-shapes.mjs';
import { coreMissing, scratch } from './helpers.mjs';

const shapes = listShapes();
const skip = coreMissing() || (shapes === undefined && "Debian's python3-torchvision is not installed");

test('checkpoints of all shapes', { skip }, async (t) => {
  const folder = await scratch(t);
  const maker = new ShapeMaker(folder);
  const rows = [];
  try {
    for (const { name, title } of shapes) {
      await t.test(name, async () => {
        const { faults, outcome } = await tryShape(maker, name, folder);
        rows.push(`| ${title} | ${outcome.replaceAll('|', '\\|')} |`);
        assert.deepEqual(faults, []);
      });
    }
  } finally {
    await maker.close();
  }
  assert.ok(rows.length >= 40, `${rows.length} shapes`);
  const table = process.env.RESNET50_CHECKPOINT_TABLE;
  if (table) await writeFile(table, `| checkpoint | outcome |\n| --- | --- |\n${rows.join('\n')}\n`);
});
