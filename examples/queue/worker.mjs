// node worker.mjs: classifies queued pictures on all cores of this machine until it gets SIGTERM or SIGINT; then it ends
// what it has begun and leaves the rest to others; a second signal ends it at once. One process per machine; start as many
// machines as you like.
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnrecoverableError, Worker } from 'bullmq';
import { ResNet50 } from 'resnet50-wasm';
import { bucketOf, connect, NAME } from './queue.mjs';

const jobs = Number(process.env.JOBS ?? availableParallelism());
/** How long a worker may be silent before others take its pictures. The lock is renewed while it works. */
const lockDuration = Number(process.env.LOCK_MS ?? 30_000);
/** Errors that another attempt does not cure: they go to the dead-letter list at once. */
const HOPELESS = new Set(['NOT_AN_IMAGE', 'UNSUPPORTED_FORMAT', 'TRUNCATED_IMAGE', 'CORRUPT_IMAGE', 'IMAGE_TOO_LARGE']);

const pool = await ResNet50.pool({ weights: process.env.WEIGHTS ?? 'DEFAULT', jobs });
const redis = connect();

let atWork = 0;

async function label(file) {
  try {
    return await pool.classify(file, { topK: Number(process.env.TOP_K ?? 5) });
  } catch (error) {
    if (HOPELESS.has(error.code)) throw new UnrecoverableError(`${error.code}: ${error.message}`);
    throw new Error(`${error.code ?? 'INTERNAL'}: ${error.message}`);
  }
}

async function classify({ id, data: { file } }) {
  atWork++;
  try {
    const classes = await label(file);
    // Before the job counts as done. Whoever does it twice, after a crash in between, writes the same value again.
    await redis.hset(bucketOf(id), id, JSON.stringify({ file, classes }));
  } finally {
    atWork--;
  }
}

const worker = new Worker(NAME, classify, {
  connection: redis,
  concurrency: 2 * jobs, // one at work and one being read for each core
  lockDuration,
  stalledInterval: lockDuration,
  maxStalledCount: 3, // a picture that has ended this many workers is given up
});
worker.on('stalled', (id) => console.error(`worker ${process.pid}: took over ${id}`));
worker.on('failed', (job, error) => console.error(`worker ${process.pid}: ${job?.data.file}: ${error.message}`));
let lost = false;
worker.on('error', (error) => {
  if (!lost) console.error(`worker ${process.pid}: ${error.message || error.code}`);
  lost = true;
});
worker.on('completed', () => {
  lost = false;
});

let stopping = false;
async function stop() {
  if (stopping) process.exit(1); // others take over what it had begun
  stopping = true;
  console.error(`worker ${process.pid}: stopping`);
  await worker.pause(true); // takes no more
  while (atWork > 0) await sleep(50);
  // Marks the last ones as done. That never ends if the connection is just being restored (BullMQ's issue 4656): then others
  // do these again, with the same results.
  await Promise.race([worker.close(), sleep(5000)]);
  await pool.dispose();
  process.exit(0);
}
process.on('SIGTERM', stop).on('SIGINT', stop);
console.error(`worker ${process.pid}: ready, ${jobs} jobs`);
