// npm run bench:jobs -- [--side N] [--rounds N] [--photos N]: photos per second, decoding included, of one model on 1, 2, ...
// threads and of pools of 1, 2, ... models on one thread each, in turns; medians. The limit is what as many models as there
// are cores would do if none took anything from another: cores times one model on one thread. Memory: of the process, beyond
// that with one model. Weights: CIFAR10_DEMO.
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ResNet50 } from '../dist/index.node.js';
import { root } from './tools.mjs';

const { values } = parseArgs({
  options: {
    side: { type: 'string', default: '224' },
    rounds: { type: 'string', default: '9' },
    photos: { type: 'string', default: '48' },
  },
});
const side = Number(values.side);
const pictures = join(root, 'tests', 'data', 'pictures');
const files = readdirSync(pictures)
  .filter((name) => name.endsWith('.jpg'))
  .map((name) => join(pictures, name));
const photos = Array.from({ length: Number(values.photos) }, (_, i) => files[i % files.length]);
const transforms = { resizeSize: Math.round((side * 232) / 224), cropSize: side };
const cores = availableParallelism();
const counts = [1, 2, 4, 8].filter((count) => count <= 2 * cores);

const load = { weights: 'CIFAR10_DEMO', weightsDir: join(root, 'weights'), transforms };
const resident = () => process.memoryUsage().rss / 2 ** 20;
const runs = [];
for (const threads of counts) {
  const model = await ResNet50.load({ ...load, threads });
  runs.push({ name: `1 model, ${threads} threads`, model, rates: [] });
}
for (const jobs of counts) {
  const before = resident();
  const pool = await ResNet50.pool({ ...load, jobs });
  await pool.classify(photos.slice(0, 2 * jobs));
  runs.push({ name: `${jobs} models, 1 thread each`, model: pool, rates: [], memory: (resident() - before) / jobs });
}
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { model, rates } of runs) {
    const begun = performance.now();
    await model.classify(photos);
    rates.push((photos.length * 1000) / (performance.now() - begun));
  }
}
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const limit = cores * median(runs[0].rates);
console.log(
  `${cpus()[0].model}, ${cores} cores, Node.js ${process.versions.node}, ${runs[0].model.info().flavour}, ${side} x ${side}`,
);
for (const { name, model, rates, memory } of runs) {
  const rate = median(rates);
  const more = memory === undefined ? '' : `, ${memory.toFixed(0)} MB each`;
  console.log(
    `${name.padEnd(24)} ${rate.toFixed(1).padStart(6)} photos/s, ${((100 * rate) / limit).toFixed(0)} % of the limit${more}`,
  );
  await model.dispose();
}
