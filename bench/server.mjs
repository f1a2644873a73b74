// npm run bench:server -- [--requests N] [--connections N]: examples/server, loaded by autocannon on this machine. First as
// many connections as it takes pictures at a time: pictures per second, times, and the server's memory as it goes. Then far
// more than it can do: how many are refused, and what that costs the others. Weights: CIFAR10_DEMO.
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loader, serveExample } from '../tests/support/example.mjs';
import { processor, root } from './tools.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    photo: { type: 'string', default: join(root, 'tests', 'data', 'pictures', 'soccer-ball.jpg') },
  },
});
const STEPS = 10;
const OVERLOAD = { connections: 64, amount: 4000, overallRate: 400 };

const photo = await readFile(values.photo);
const folder = join(tmpdir(), `resnet50-wasm-bench-${process.pid}`);
const ends = [];
const { child, ended, origin, jobs, most } = await serveExample((end) => ends.push(end), folder, {
  PORT: '0',
  WEIGHTS: 'CIFAR10_DEMO',
});
const autocannon = await loader();

async function megabytes() {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)[1]) / 2 ** 20;
}

async function load(options) {
  const request = { url: `${origin}/classify`, method: 'POST', body: photo, timeout: 60 };
  const result = await autocannon({ ...request, ...options });
  const count = (status) => result.statusCodeStats[status]?.count ?? 0;
  const { p50, p99, max } = result.latency;
  const others = result.errors + result.requests.total - count(200) - count(503);
  return { done: count(200), refused: count(503), others, rate: count(200) / result.duration, p50, p99, max };
}

const line = ({ done, refused, others, rate, p50, p99, max }) =>
  `${done} labels, ${refused} refused, ${others} errors; ${rate.toFixed(1)} labels/s; ${p50} ms median, ${p99} ms p99, ${max} ms at most`;

try {
  console.log(`${await processor()}, Node.js ${process.versions.node}, ${jobs} jobs, ${most} pictures at a time`);
  await load({ connections: most, amount: 200 }); // warm
  const amount = Math.ceil(Number(values.requests) / STEPS);
  console.log(`before: ${(await megabytes()).toFixed(0)} MB`);
  for (let step = 1; step <= STEPS; step++) {
    const result = await load({ connections: most, amount });
    console.log(`${step * amount} requests: ${line(result)}; ${(await megabytes()).toFixed(0)} MB`);
  }
  console.log(
    `${OVERLOAD.overallRate} requests/s on ${OVERLOAD.connections} connections: ${line(await load(OVERLOAD))}`,
  );
  child.kill('SIGTERM');
  console.log(`exit status ${await ended}`);
} finally {
  for (const end of ends) end();
  await rm(folder, { recursive: true, force: true });
}
