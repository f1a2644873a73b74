// npm run bench:jobs -- [--rounds N] [--photos N] [--side N] [--folder DIR] [--revectorize] [--peers]: pictures per second of
// models on 1, 2, ... threads and of pools, decoding included. With --peers also onnxruntime-node (batch 1 and 8) and
// LiteRT.js, with as many threads as there are cores; they get tensors, so decoding and scaling are left out. Each row is a
// process of its own, in turns; medians of the time, and the lowest processor time of a picture, which tells more while other
// programs run. The limit is what as many models as there are cores would do if none took anything from another: cores times
// one model on one thread. Memory: of the process after the last round. Weights: CIFAR10_DEMO; those of the peers are random.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPeers, makeModels } from './models.mjs';
import { BenchError, lowest, median, newestNode, processor, root, run, tableLines, work } from './tools.mjs';

const { values } = parseArgs({
  options: {
    side: { type: 'string', default: '224' },
    rounds: { type: 'string', default: '9' },
    photos: { type: 'string', default: '48' },
    peers: { type: 'boolean' },
    revectorize: { type: 'boolean' },
    folder: { type: 'string', default: join(root, 'tests', 'data', 'pictures') },
  },
});
const cores = availableParallelism();
const counts = [...new Set([1, 2, cores])];

const files = readdirSync(values.folder).filter((name) => name.endsWith('.jpg'));
const photos = Array.from({ length: Number(values.photos) }, (_, i) => join(values.folder, files[i % files.length]));

const plural = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;
const ours = (jobs, threads) => ({
  name: `${plural(jobs, 'job')} x ${plural(threads, 'thread')}`,
  ...{ engine: 'ours', jobs, threads, side: Number(values.side), revectorize: values.revectorize ?? false },
});

function rows() {
  const own = [
    ...counts.map((threads) => ours(1, threads)),
    ...counts.slice(1).map((jobs) => ours(jobs, 1)),
    ours(2, 2),
  ];
  if (!values.peers) return own;
  installPeers();
  makeModels();
  // The models that are written for the peers take one picture.
  run('/usr/bin/python3', [join(root, 'bench', 'batch.py'), join(work, 'models', 'int8.onnx')]);
  const peer = (engine, name, more) => ({
    name: `${name}, ${plural(cores, 'thread')}`,
    engine,
    threads: cores,
    ...more,
  });
  return [
    ...own,
    peer('onnxruntime-node', 'onnxruntime-node int8, batch 1', { batch: 1 }),
    peer('onnxruntime-node', 'onnxruntime-node int8, batch 8', { batch: 8 }),
    peer('litert', 'LiteRT.js int8', { batch: 1 }),
  ];
}

/** A row in a process, ready to run. */
async function start(row) {
  const child = fork(join(root, 'bench', 'jobs-child.mjs'), [JSON.stringify({ ...row, photos })], {
    execPath: await newestNode(),
  });
  const exit = once(child, 'exit');
  const answer = async () => {
    const [message] = await Promise.race([once(child, 'message'), exit]);
    if (typeof message === 'object' && message !== null && message.error === undefined) return message;
    child.kill();
    throw new BenchError(`${row.name}: ${message?.error ?? `ended with ${message}`}`);
  };
  await answer();
  const measure = (what) => {
    child.send(what);
    return answer();
  };
  return { ...row, measure, end: () => child.kill(), rates: [], cpu: [] };
}

const running = [];
try {
  for (const row of rows()) {
    running.push(
      await start(row).catch((error) => {
        console.error(`bench: left out: ${error.message.split('\n')[0]}`);
      }),
    );
  }
  const all = running.filter((row) => row !== undefined);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const row of all) {
      const { ms, cpuMs } = await row.measure('run');
      row.rates.push((photos.length * 1000) / ms);
      row.cpu.push(cpuMs / photos.length);
    }
  }
  const limit = cores * median(all[0].rates);
  const lines = [['', 'pictures/s', '% of the limit', 'cpu ms/picture', 'MB', 'MB more per job']];
  const base = (await all[0].measure('memory')).rss;
  for (const { name, engine, jobs, threads, rates, cpu, measure } of all) {
    const { rss } = await measure('memory');
    const more = jobs > 1 && threads === 1 ? Math.round((rss - base) / (jobs - 1)) : '';
    const share = engine === 'ours' ? Math.round((100 * median(rates)) / limit) : '';
    lines.push([name, median(rates).toFixed(1), share, lowest(cpu).toFixed(1), Math.round(rss), more]);
  }
  console.log(`${await processor()}, ${cores} cores, ${values.side} x ${values.side}, ${photos.length} pictures`);
  for (const line of tableLines(lines)) console.log(line);
} finally {
  for (const row of running) row?.end();
}
