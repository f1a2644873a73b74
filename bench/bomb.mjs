// node bench/bomb.mjs: how long it takes to refuse a PNG of one megabyte whose header promises 60000 x 60000 pixels, over
// the whole way through the package (copy to the worker, header, error back), milliseconds.
import { crc32 } from 'node:zlib';
import { ResNet50 } from '../dist/index.node.js';

function chunk(name, data) {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}
const header = Buffer.alloc(13);
header.writeUInt32BE(60_000, 0);
header.writeUInt32BE(60_000, 4);
header[8] = 8;
header[9] = 2;
const bomb = Buffer.concat([
  Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  chunk('IHDR', header),
  chunk('IDAT', Buffer.alloc(1 << 20)),
]);

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
