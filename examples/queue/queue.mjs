// What producer, workers and reports agree on: where Redis is, how a picture becomes a job, where its result lies.
import { createHash } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

export const NAME = process.env.QUEUE ?? 'resnet50';

/** A connection that waits for Redis to come back, as long as that takes. */
export function connect() {
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
  });
  let down = false;
  redis.on('error', (error) => {
    if (!down) console.error(`redis: ${error.message || error.code}; waiting for it`);
    down = true;
  });
  redis.on('ready', () => {
    down = false;
  });
  return redis;
}

/**
 * The queue. A job that is done leaves it, since its result is stored; a job that has failed for good stays, and these are
 * the dead-letter list.
 */
export const openQueue = (connection) =>
  new Queue(NAME, {
    connection,
    defaultJobOptions: {
      attempts: 3,
      backoff: { type: 'exponential', delay: Number(process.env.BACKOFF_MS ?? 1000) },
      removeOnComplete: true,
      removeOnFail: false,
    },
  });

/** The same picture has the same id: it is queued once, and has one result. */
export const idOf = (file) => createHash('sha256').update(file).digest('hex').slice(0, 32);

/** Results lie in 4096 hashes, so that each is small enough to be read at once. */
const BUCKET_DIGITS = 3;
export const BUCKETS = 16 ** BUCKET_DIGITS;
export const bucketNumber = (i) => `${NAME}:results:${i.toString(16).padStart(BUCKET_DIGITS, '0')}`;
export const bucketOf = (id) => `${NAME}:results:${id.slice(0, BUCKET_DIGITS)}`;

/** What the commands of a pipeline answer. A pipeline itself never fails: its commands do. */
async function answers(pipeline) {
  const all = await pipeline.exec();
  const failed = all.find(([error]) => error);
  if (failed) throw failed[0];
  return all.map(([, answer]) => answer);
}

/** Counts results, for progress. */
export async function countResults(redis) {
  const pipeline = redis.pipeline();
  for (let i = 0; i < BUCKETS; i++) pipeline.hlen(bucketNumber(i));
  return (await answers(pipeline)).reduce((sum, length) => sum + length, 0);
}

/** Whether each of these ids has a result already. */
export async function haveResults(redis, ids) {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hexists(bucketOf(id), id);
  return (await answers(pipeline)).map((there) => there === 1);
}

/** What a command says that Redis went away from, or that came to one which does not serve yet. */
const AWAY = /Connection|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|LOADING|READONLY|MASTERDOWN|closed|writeable/i;

/** Tries again while Redis is away: what `action` does must be harmless when done twice. */
export async function persistently(action) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!AWAY.test(`${error.code} ${error.message}`)) throw error;
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
}
