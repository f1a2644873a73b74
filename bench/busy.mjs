// npm run bench:busy -- [DIST...] [--busy N] [--rounds N] [--side N]: do threads ever make it slower? One thread beside 2, 4
// and 8, while N other processes (as many as there are cores) keep the processor busy; 0 is a quiet machine. Builds of the
// package side by side, one picture in turns, medians and quartiles, milliseconds. Weights: CIFAR10_DEMO.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from './tools.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    busy: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '30' },
    side: { type: 'string', default: '224' },
  },
});
const side = Number(values.side);
const photo = readFileSync(join(root, 'tests', 'data', 'pictures', 'clock.jpg'));
const folders = positionals.length > 0 ? positionals.map((path) => resolve(path)) : [join(root, 'dist')];

const runs = [];
for (const folder of folders) {
  const { ResNet50 } = await import(pathToFileURL(join(folder, 'index.node.js')).href);
  for (const threads of [1, 2, 4, 8]) {
    const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', weightsDir: join(root, 'weights'), threads });
    const input = await model.preprocess(photo, { transforms: { resizeSize: side, cropSize: side } });
    runs.push({ folder, threads, model, input, times: [] });
  }
}
for (const { model, input } of runs) await model.logits(input);
const others = Array.from({ length: Number(values.busy) }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { model, input, times } of runs) {
      const begun = performance.now();
      await model.logits(input);
      times.push(performance.now() - begun);
    }
  }
} finally {
  for (const other of others) other.kill('SIGKILL');
}
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, ${values.busy} busy processes, ${side} x ${side}`);
const quantile = (times, share) => times[Math.floor(share * (times.length - 1))];
for (const folder of folders) {
  console.log(folder);
  const own = runs.filter((run) => run.folder === folder);
  for (const { times } of own) times.sort((a, b) => a - b);
  const one = quantile(own[0].times, 0.5);
  for (const { threads, times } of own) {
    const [median, low, high] = [0.5, 0.25, 0.75].map((share) => quantile(times, share));
    const shown = [median, low, high].map((value) => value.toFixed(1).padStart(7));
    console.log(
      `  ${threads} threads ${shown[0]} (${shown[1]} to ${shown[2]})  ${(median / one).toFixed(2)} of one thread`,
    );
  }
}
for (const { model } of runs) await model.dispose();
