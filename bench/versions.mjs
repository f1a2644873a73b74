// npm run bench:versions -- DIST [DIST...] [--rounds N] [--threads N]: builds of this package side by side, such as that of
// the commit before (`git worktree`, `npm run build` there). One process, calls in turns (A B A B), medians and quartiles;
// their labels and logits are compared too. Weights: the bundled CIFAR10_DEMO; photos: tests/data/pictures.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from './tools.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '40' }, threads: { type: 'string', default: '1' } },
});
const rounds = Number(values.rounds);
const folders = [join(root, 'dist'), ...positionals.map((path) => resolve(path))];
const pictures = join(root, 'tests', 'data', 'pictures');
const photos = readdirSync(pictures)
  .filter((name) => name.endsWith('.jpg'))
  .map((name) => readFileSync(join(pictures, name)));

const builds = [];
for (const folder of folders) {
  const { ResNet50 } = await import(pathToFileURL(join(folder, 'index.node.js')).href);
  const weightsDir = join(root, 'weights');
  const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', weightsDir, threads: Number(values.threads) });
  const input = await model.preprocess(photos[0]);
  const tensor = { tensor: input.tensor, shape: input.shape };
  builds.push({ folder, model, tensor });
}

/** What is timed, by name. */
const CALLS = {
  classify: ({ model }, round) => model.classify(photos[round % photos.length]),
  logits: ({ model, tensor }) => model.logits(tensor),
  explain: ({ model }, round) => model.explain(photos[round % photos.length]),
};

const quantile = (sorted, share) => sorted[Math.floor(share * (sorted.length - 1))];
const ms = (value) => value.toFixed(2).padStart(8);

for (const [name, call] of Object.entries(CALLS)) {
  const times = builds.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const answers = [];
    for (const [i, build] of builds.entries()) {
      const begun = performance.now();
      const answer = await call(build, round);
      times[i].push(performance.now() - begun);
      answers.push(JSON.stringify(answer));
    }
    if (answers.some((answer) => answer !== answers[0])) throw new Error(`${name}: the builds answer differently`);
  }
  console.log(`${name}, ms       best   quarter    median`);
  for (const [i, { folder }] of builds.entries()) {
    const sorted = times[i].sort((a, b) => a - b);
    console.log(`${[0, 0.25, 0.5].map((share) => ms(quantile(sorted, share))).join('  ')}  ${folder}`);
  }
}
for (const { model } of builds) await model.dispose();
