// node collect.mjs > results.ndjson: every result, one line each, as `resnet50-wasm classify --ndjson` has it; then the
// dead-letter list, with errors in the place of classes. --retry-dead queues that list anew instead.
import { once } from 'node:events';
import { BUCKETS, bucketNumber, connect, haveResults, openQueue } from './queue.mjs';

const PAGE = 1000;
const redis = connect();
const queue = openQueue(redis);

async function print(line) {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

async function results() {
  for (let i = 0; i < BUCKETS; i++) for (const line of await redis.hvals(bucketNumber(i))) await print(line);
}

/** A picture that one worker gave up while another one finished it has a result, and is not dead. */
async function deadLetters() {
  for (let from = 0; ; from += PAGE) {
    const failed = await queue.getFailed(from, from + PAGE - 1);
    if (failed.length === 0) return;
    const there = await haveResults(
      redis,
      failed.map(({ id }) => id),
    );
    for (const { data, failedReason } of failed.filter((_, i) => !there[i])) {
      const [, code, message] = /^([A-Z_]+): (.*)$/s.exec(failedReason) ?? ['', 'INTERNAL', failedReason];
      await print(JSON.stringify({ file: data.file, error: { code, message } }));
    }
  }
}

if (process.argv.includes('--retry-dead')) await queue.retryJobs({ state: 'failed' });
else {
  await results();
  await deadLetters();
}
await queue.close();
await redis.quit();
