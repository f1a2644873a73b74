// node bench/bomb.mjs: how long it takes to refuse a PNG of one megabyte whose header promises 60000 x 60000 pixels, over
// the whole way through the package (copy to the worker, header, error back), milliseconds.
import { ResNet50 } from '../dist/index.node.js';
import { png } from '../tests/support/png.mjs';

const bomb = png({ width: 60_000, height: 60_000, color: 'rgb' }, Buffer.alloc(1 << 20));

for (const worker of [true, false]) {
  const model = await ResNet50.load({ weights: null, classes: 10, threads: 1, worker });
  const times = [];
  for (let i = 0; i < 50; i++) {
    const started = performance.now();
    const error = await model.logits(bomb).catch((reason) => reason);
    times.push(performance.now() - started);
    if (error.code !== 'IMAGE_TOO_LARGE') throw error;
  }
  times.sort((a, b) => a - b);
  console.log(
    `${worker ? 'in a worker' : 'in place'}: median ${times[25].toFixed(2)}, slowest ${times.at(-1).toFixed(2)} ms of 50`,
  );
  await model.dispose();
}
