// What the benchmarks of the demo share: its server, and the moments that a visitor waits for.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './tools.mjs';

/**
 * The demo on a free port: its address, and how to end it. A demo that ends by itself has said why, and the benchmark ends
 * with it.
 * @param {string} weights folder
 * @param {...string} more options of `npm run demo`
 */
export async function serveDemo(weights, ...more) {
  const args = ['demo/serve.mjs', '--no-build', '--port', '0', '--weights', weights, ...more];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let address;
  for await (const line of createInterface({ input: child.stderr })) {
    address ??= /http:\/\/localhost:\d+\//.exec(line)?.[0];
    if (/serving/.test(line)) return { url: address, close: () => child.kill() };
    if (address === undefined) console.error(line);
  }
  process.exit(1);
}

/** A sample that the page is asked for, so that nobody has to click. */
export const SAMPLE = '#sample=basketball.jpg';

/** Runs in the page before its own scripts: notes when buttons work, when the network is there, and when its own guess is. */
export function watchDemo() {
  const GUESS = '#guesses:not([hidden], .ghost) .label';
  // What the page begins with is another sample's.
  const MARKS = {
    alive: 'html[data-ready]',
    loaded: '#facts:not([hidden])',
    label: `body:has(.sample[aria-current="true"] img[src$="basketball.jpg"]) ${GUESS}`,
  };
  globalThis.marks = {};
  new MutationObserver(() => {
    for (const [name, selector] of Object.entries(MARKS)) {
      if (document.querySelector(selector)) globalThis.marks[name] ??= performance.now();
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
}
