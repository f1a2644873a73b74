// The demo on a free port, for benchmarks in its pages.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BenchError, root } from './tools.mjs';

/**
 * @param {string} weights folder
 * @param {...string} options of `npm run demo`
 * @returns {Promise<{ url: string, close: () => void }>}
 * @throws BenchError
 */
export async function serveDemo(weights, ...options) {
  const args = ['demo/serve.mjs', '--no-build', '--port', '0', '--weights', weights, ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let address;
  for await (const line of createInterface({ input: child.stderr })) {
    address ??= /http:\/\/localhost:\d+\//.exec(line)?.[0];
    if (/serving/.test(line)) return { url: address, close: () => child.kill() };
    if (address === undefined) console.error(line);
  }
  throw new BenchError('the demo ended (see above)');
}
