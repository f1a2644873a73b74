// npm run bench:finetune: what fine-tuning layer4 adds to a classifier on frozen features, on a part of CIFAR-10, in int8
// and f32, with the time of a step on one thread and on two. Test pictures take part in nothing else. The variant is
// saved and loaded back, and must answer the same. Needs RESNET50_TEST_MATERIAL.
// Options: --each N (pictures a class to train with, 250), --test N (to test with, 50), --side N (pixels, 64), --epochs N (3),
// --rate N, --precision int8,f32, --this-node.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { testWeights } from '../tests/test-weights.mjs';
import { begin, picturesOf, unpackCifar } from './cifar.mjs';

const number = (fallback) => ({ type: 'string', default: String(fallback) });
const { values } = parseArgs({
  options: {
    ...{ each: number(250), test: number(50), side: number(64), epochs: number(3), rate: number(0.003) },
    ...{ 'this-node': { type: 'boolean' }, precision: { type: 'string', default: 'int8,f32' } },
  },
});
const [each, tests, side, epochs] = [values.each, values.test, values.side, values.epochs].map(Number);

function unpack(folder) {
  unpackCifar(folder, ['*/*/0[0-9][0-9][0-9].jpg']);
  return { train: picturesOf(folder, 'train', each), test: picturesOf(folder, 'test', tests) };
}

async function answers(model, examples) {
  const best = [];
  for (const { image } of examples) best.push((await model.classify(image, { topK: 1 }))[0]);
  return best;
}

const share = (best, examples) =>
  (100 * best.filter(({ label }, i) => label === examples[i].label).length) / examples.length;
const percent = (v) => `${v.toFixed(1)} %`;
const heldOut = (fit) => (fit ? percent(100 * fit.accuracy) : 'none');

async function measure(ResNet50, folder, { train, test }, precision) {
  const options = { precision, transforms: { resizeSize: side, cropSize: side } };
  const model = await ResNet50.load({ weights: await testWeights(), ...options });
  await model.fit(train);
  const frozen = share(await answers(model, test), test);
  const begun = performance.now();
  const {
    examples,
    heldOut: before,
    finetuned,
  } = await model.fit(train, { unfreeze: ['layer4', 'fc'], epochs, rate: Number(values.rate) });
  const seconds = (performance.now() - begun) / 1000;
  const tuned = await answers(model, test);
  console.log(
    `${precision}: ${examples.trained} pictures trained on, ${examples.heldOut} held out, ${test.length} to test with`,
  );
  console.log(
    `  held out:  frozen features ${heldOut(before)}, fine-tuned (float32, before the export) ${heldOut(finetuned.heldOut)}, epoch ${finetuned.bestEpoch} of ${finetuned.epochs}`,
  );
  console.log(
    `  test:      frozen features ${percent(frozen)}, fine-tuned and exported as ${precision} ${percent(share(tuned, test))}`,
  );
  console.log(
    `  time:      ${seconds.toFixed(1)} s in all, ${finetuned.steps} steps of ${finetuned.stepMs.toFixed(0)} ms on ${finetuned.threads} threads`,
  );
  const variant = join(folder, `variant-${precision}`);
  mkdirSync(variant);
  for (const [name, bytes] of Object.entries(await model.save({ what: 'all' })))
    writeFileSync(join(variant, name), bytes);
  await model.dispose();
  const back = await ResNet50.load({ weights: variant, precision });
  const same = JSON.stringify(await answers(back, test)) === JSON.stringify(tuned);
  console.log(`  saved and loaded back: ${same ? 'the same answers' : 'OTHER ANSWERS'}`);
  await back.dispose();
  return same && share(tuned, test) > frozen;
}

/** Median step of a short run. */
async function stepTime(ResNet50, { train }, threads) {
  const options = { precision: 'int8', threads, transforms: { resizeSize: side, cropSize: side } };
  const model = await ResNet50.load({ weights: await testWeights(), ...options });
  const few = train.filter((_, i) => i % Math.ceil(each / 10) === 0);
  const { finetuned } = await model.fit(few, { unfreeze: ['layer4', 'fc'], epochs: 2, holdOut: 0 });
  console.log(
    `a step of 16 pictures of ${side} pixels, ${finetuned.threads} thread(s): ${finetuned.stepMs.toFixed(0)} ms (median of ${finetuned.steps})`,
  );
  await model.dispose();
}

await begin(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'resnet50-wasm-bench-finetune-'));
try {
  const { ResNet50 } = await import('../dist/index.node.js');
  console.log(`Node.js ${process.version}`);
  const pictures = unpack(folder);
  for (const precision of values.precision.split(',')) {
    if (!(await measure(ResNet50, folder, pictures, precision))) process.exitCode = 1;
  }
  for (const threads of [1, 2]) await stepTime(ResNet50, pictures, threads);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
