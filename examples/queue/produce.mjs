// node produce.mjs < names.txt: queues a picture for each line (a path that every worker can read, or an address).
// Memory does not grow with the list, here or in Redis: it waits while enough pictures are queued. Running it again with
// the same list adds only what is missing.
import { createInterface } from 'node:readline';
import { connect, haveResults, idOf, openQueue, persistently } from './queue.mjs';

const BATCH = 500;
/** Pictures that wait in Redis at most, about 1 kB each. */
const BACKLOG = Number(process.env.BACKLOG ?? 20_000);

const redis = connect();
const queue = openQueue(redis);
let [read, known] = [0, 0];

/** Queues those that have no result, and counts the others. Ids that are queued already, or dead, are left as they are. */
async function add(files) {
  const there = await haveResults(redis, files.map(idOf));
  const jobs = files
    .filter((_, i) => !there[i])
    .map((file) => ({ name: 'classify', data: { file }, opts: { jobId: idOf(file) } }));
  while ((await queue.getJobCountByTypes('waiting', 'delayed')) > BACKLOG) await new Promise((w) => setTimeout(w, 500));
  if (jobs.length > 0) await queue.addBulk(jobs);
  return files.length - jobs.length;
}

async function flush(files) {
  known += await persistently(() => add(files));
  process.stderr.write(process.stderr.isTTY ? `\r${read} names` : '');
}

const batch = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === '') continue;
  read++;
  batch.push(line);
  if (batch.length === BATCH) await flush(batch.splice(0));
}
await flush(batch);
console.error(`${process.stderr.isTTY ? '\r' : ''}${read} names, ${known} of them had results`);
await queue.close();
await redis.quit();
