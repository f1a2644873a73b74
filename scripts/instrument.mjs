// Counters in TypeScript: with $RESNET50_COVERAGE naming a folder, esbuild builds the sources of web/ with istanbul's
// counters, and every realm of Node.js that runs them (threads too, which end without a word) writes its counts there.
// Counters, not V8's own: those are for the files that ran, and tests run bundles in folders that are gone afterwards.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './lib.mjs';

/** Where `npm run coverage` installs istanbul. */
export const coverageTools = createRequire(join(root, 'build', 'coverage-tools', 'index.js'));

const BETWEEN_WRITES_MS = 200;

/** Runs in the instrumented bundle, once a realm. */
function writeCounts(fs, threads, folder, pause) {
  if (globalThis.__coverageWriter__) return;
  globalThis.__coverageWriter__ = true;
  const file = `${folder}/${process.pid}-${threads.threadId}-${Math.random().toString(36).slice(2)}.json`;
  let before = 0;
  const write = () => {
    const all = Object.values(globalThis.__coverage__ ?? {});
    let sum = 0;
    for (const { s } of all) for (const key in s) sum += s[key];
    if (sum === before) return;
    before = sum;
    fs.writeFileSync(`${file}.part`, JSON.stringify(globalThis.__coverage__));
    fs.renameSync(`${file}.part`, file); // a thread may be ended in the middle
  };
  setInterval(write, pause).unref();
  process.on('exit', write);
  if (threads.isMainThread) return;
  const { postMessage } = threads.MessagePort.prototype; // the main thread may end this one at its next word
  threads.MessagePort.prototype.postMessage = function (...args) {
    write();
    return postMessage.apply(this, args);
  };
}

/** Settings for esbuild that count, or none. */
export function instrumentation() {
  const folder = process.env.RESNET50_COVERAGE;
  if (!folder) return {};
  const { createInstrumenter } = coverageTools('istanbul-lib-instrument');
  const instrumenter = createInstrumenter({ esModules: true, parserPlugins: ['typescript', 'importAttributes'] });
  const plugin = {
    name: 'instrument',
    setup({ onLoad }) {
      onLoad({ filter: /\/web\/.+\.ts$/ }, ({ path }) => ({
        contents: instrumenter.instrumentSync(readFileSync(path, 'utf8'), path),
        loader: 'ts',
      }));
    },
  };
  const writer = `(${writeCounts})(__coverageFs, __coverageThreads, ${JSON.stringify(folder)}, ${BETWEEN_WRITES_MS});`;
  const imports = `import __coverageFs from 'node:fs'; import __coverageThreads from 'node:worker_threads';`;
  return { plugins: [plugin], banner: { js: `${imports} ${writer}` } };
}
