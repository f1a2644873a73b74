// node tests/tools/checkpoint-table.mjs [NAME...]: converts checkpoints of all shapes (or of those named) and prints a row of
// docs/checkpoints.md for each. Exit status 1 where one is not as tests/tools/checkpoint_shapes.py expects.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listShapes, ShapeMaker, tryShape } from '../support/checkpoint-shapes.mjs';

const names = process.argv.slice(2);
const shapes = listShapes()?.filter(({ name }) => names.length === 0 || names.includes(name));
if (shapes === undefined) throw new Error('PyTorch and torchvision are not installed for /usr/bin/python3');
const folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-shapes-'));
const maker = new ShapeMaker(folder);
try {
  for (const { name, title } of shapes) {
    const { faults, outcome } = await tryShape(maker, name, folder);
    console.log(`| ${title} | ${outcome.replaceAll('|', '\\|')} |`);
    for (const fault of faults) {
      console.error(`${name}: ${fault}`);
      process.exitCode = 1;
    }
  }
} finally {
  await maker.close();
  await rm(folder, { recursive: true, force: true });
}
