// npm run bench:queue -- [--pictures N]: what examples/queue adds. Pictures per second of a worker with a network on each core,
// fed by the queue, and of `classify --ndjson` with as many jobs on the same list, in turns; then Redis's memory for each
// queued picture and each result. Weights: CIFAR10_DEMO. Needs redis-server.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installExample, startProgram } from '../tests/support/example.mjs';
import { freePort } from '../tests/support/free-port.mjs';
import { until } from '../tests/support/wait.mjs';
import { BenchError, median, processor, root } from './tools.mjs';

const { values } = parseArgs({
  options: { pictures: { type: 'string', default: '1500' }, rounds: { type: 'string', default: '3' } },
});
const count = Number(values.pictures);
const jobs = availableParallelism();
const folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-bench-'));
const port = await freePort();
const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${port}`, WEIGHTS: 'CIFAR10_DEMO', JOBS: String(jobs) };
const ends = [];
const start = (command, args) => startProgram((end) => ends.push(end), command, args, { cwd: folder, env });

function run(name, args, input) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name), ...args], {
    ...{ cwd: folder, env, input, encoding: 'utf8', maxBuffer: 1 << 28 },
  });
  if (status !== 0) throw new BenchError(`${name} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Redis's memory in use, bytes. */
function memory() {
  const { stdout } = spawnSync('redis-cli', ['-p', port, 'info', 'memory'], { encoding: 'utf8' });
  return Number(/^used_memory:(\d+)/m.exec(stdout)[1]);
}

async function names() {
  const pictures = join(root, 'tests', 'data', 'pictures');
  const photos = (await readdir(pictures)).filter((name) => name.endsWith('.jpg'));
  await mkdir(join(folder, 'photos'));
  const all = Array.from({ length: count }, (_, i) => join(folder, 'photos', `${i}.jpg`));
  for (const [i, name] of all.entries()) await symlink(join(pictures, photos[i % photos.length]), name);
  return all.join('\n');
}

const seconds = async (action) => {
  const begun = performance.now();
  await action();
  return (performance.now() - begun) / 1000;
};

try {
  await installExample('queue', folder);
  const list = await names();
  await writeFile(join(folder, 'list.txt'), list);
  const save = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const redis = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...save]);
  await until(() => /Ready to accept/.test(redis.said()), { what: 'Redis is there' });
  console.log(`${await processor()}, Node.js ${process.versions.node}, ${jobs} jobs, ${count} pictures`);
  const rates = { queue: [], classify: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    spawnSync('redis-cli', ['-p', port, 'flushall']);
    const empty = memory();
    run('produce.mjs', [], list);
    const queued = memory();
    const worker = start(process.execPath, [join(folder, 'worker.mjs')]);
    await until(() => /ready/.test(worker.said()), { what: 'the worker is ready', timeout: 120_000 });
    const took = await seconds(() => run('progress.mjs', ['--wait']));
    rates.queue.push(count / took);
    worker.child.kill('SIGTERM');
    await worker.ended;
    if (round === 0) {
      const each = (bytes) => Math.round((bytes - empty) / count);
      console.log(
        `Redis: ${each(queued)} bytes for each queued picture, ${each(memory())} for each result of 5 classes`,
      );
    }
    const cli = join(folder, 'node_modules', 'resnet50-wasm', 'dist', 'cli.js');
    const args = [cli, 'classify', '--ndjson', '--weights', 'CIFAR10_DEMO', '--jobs', String(jobs)];
    const direct = await seconds(() => spawnSync(process.execPath, args, { input: list, maxBuffer: 1 << 28 }));
    rates.classify.push(count / direct);
  }
  for (const [name, list] of Object.entries(rates))
    console.log(`${name}: ${median(list).toFixed(1)} pictures/s (${list.map((rate) => rate.toFixed(1)).join(', ')})`);
} finally {
  for (const end of ends) end();
  await rm(folder, { recursive: true, force: true });
}
