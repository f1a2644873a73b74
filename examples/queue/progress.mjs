// node progress.mjs [--wait]: how far it is, each second; with --wait until nothing is queued any more.
import { connect, countResults, openQueue, persistently } from './queue.mjs';

const wait = process.argv.includes('--wait');
const redis = connect();
const queue = openQueue(redis);

async function look() {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  return { ...counts, done: await countResults(redis), at: performance.now() };
}

const left = ({ waiting, active, delayed }) => waiting + active + delayed;
for (let last; ; ) {
  const now = await persistently(look);
  const counts = `${now.done} done, ${left(now)} queued (${now.active} at work), ${now.failed} dead`;
  const rate = last && `${(((now.done - last.done) * 1000) / (now.at - last.at)).toFixed(1)} pictures/s`;
  console.log([counts, rate].filter(Boolean).join(', '));
  if (!wait || left(now) === 0) break;
  last = now;
  await new Promise((wake) => setTimeout(wake, 1000));
}
await queue.close();
await redis.quit();
