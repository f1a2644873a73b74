// npm run bench:fit: five classes of twenty pictures, from files to a classifier of one's own, in this Node.js or the newest
// one. Goal: under ten seconds, embedding included. Needs RESNET50_TEST_MATERIAL (CIFAR-10, and photographs of usual size,
// which take longer to decode; their classes are made up, so only their time counts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labeledPhotos, testWeights } from '../tests/test-weights.mjs';
import { begin, picturesOf, unpackCifar } from './cifar.mjs';

const GOAL_SECONDS = 10;
const CLASSES = ['airplane', 'cat', 'frog', 'horse', 'ship'];
const EACH = 20;
const ROUNDS = 3;

function cifar(folder) {
  unpackCifar(
    folder,
    CLASSES.flatMap((label) => [`train/${label}/00[01]*`, `test/${label}/00[0-4]*`]),
  );
  return { train: picturesOf(folder, 'train'), test: picturesOf(folder, 'test') };
}

/** A hundred photographs in five made-up classes. */
const photographs = () =>
  labeledPhotos()
    .slice(0, EACH * CLASSES.length)
    .map(({ path }, i) => ({ label: CLASSES[i % CLASSES.length], image: path }));

/** One `fit` from files: seconds in all, of embedding and of training, and of processor time of all threads. */
async function timeFit(model, examples) {
  const begun = performance.now();
  const { user, system } = process.cpuUsage();
  let embedded = begun;
  const report = await model.fit(examples, {
    onProgress: (event) => {
      if (event.phase === 'embedding') embedded = performance.now();
    },
  });
  const ended = performance.now();
  const used = process.cpuUsage();
  const cpu = (used.user + used.system - user - system) / 1e6;
  return {
    report,
    total: (ended - begun) / 1000,
    cpu,
    embedding: (embedded - begun) / 1000,
    training: (ended - embedded) / 1000,
  };
}

async function measure(model, what, examples) {
  const runs = [];
  for (let i = 0; i < ROUNDS; i++) runs.push(await timeFit(model, examples));
  const seconds = (key) => runs.map((run) => run[key].toFixed(2)).join(', ');
  const best = Math.min(...runs.map(({ total }) => total));
  console.log(`${what}: ${examples.length} pictures, ${CLASSES.length} classes`);
  console.log(
    `  in all, s:          ${seconds('total')}  (goal: under ${GOAL_SECONDS}${best < GOAL_SECONDS ? '' : '; MISSED'})`,
  );
  console.log(`  processor time, s:  ${seconds('cpu')}`);
  console.log(`  pictures to vectors: ${seconds('embedding')}`);
  console.log(`  training, its worker's start included: ${seconds('training')} (${runs[0].report.epochs} epochs)`);
  return runs.every(({ total }) => total < GOAL_SECONDS);
}

await begin(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'resnet50-wasm-bench-fit-'));
try {
  const { ResNet50 } = await import('../dist/index.node.js');
  const begun = performance.now();
  const model = await ResNet50.load({ weights: await testWeights() });
  const { flavour, threads } = model.info();
  console.log(
    `Node.js ${process.version}, ${flavour}, ${threads} threads; loaded in ${Math.round(performance.now() - begun)} ms`,
  );
  const { train, test } = cifar(folder);
  const inTime = [await measure(model, 'CIFAR-10 (32 x 32)', train)];
  let right = 0;
  for (const { label, image } of test) right += (await model.classify(image, { topK: 1 }))[0].label === label ? 1 : 0;
  console.log(`  accuracy on ${test.length} other pictures: ${((100 * right) / test.length).toFixed(1)} %`);
  inTime.push(await measure(model, 'photographs', photographs()));
  await model.dispose();
  if (inTime.includes(false)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
