// npm run test:browser: the package in browsers, bundlers and other runtimes.
//
//   node tests/browser/run.mjs [--short | --rest] [FILE...] [--test-reporter=R --test-reporter-destination=D]...
//
// --short runs what shows that a page works in Chromium, Firefox and WebKit, --rest everything else; arguments name files.
// RESNET50_BROWSERS=webkit (names with commas between them) leaves the other browsers out. All
// files that open pages run in one process, so that they share browsers; bundlers and runtimes, which run much foreign
// code, have their own. One process at a time: it shares two cores with browsers that use both. Reporters are those of
// `node --test`; a destination that is a file gets the name of the process appended, D-pages for example.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare, ROOT } from '../support/prepare.mjs';

const SHORT = ['smoke.test.mjs'];
/** Test files with their own process, and the tools that each needs. */
const ALONE = {
  bundlers: ['bundlers'],
  runtimes: ['runtimes'],
  servers: ['servers'],
  examples: ['bundlers', 'runtimes'],
  hosting: ['bundlers'],
};
/** A process that hangs in spite of its tests' limits is ended. */
const PROCESS_LIMIT_MS = 40 * 60_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean' },
    rest: { type: 'boolean' },
    'test-reporter': { type: 'string', multiple: true, default: [] },
    'test-reporter-destination': { type: 'string', multiple: true, default: [] },
  },
});

function chosenFiles() {
  if (positionals.length > 0) return positionals.map((file) => resolve(file));
  const folder = join(ROOT, 'tests', 'browser');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs'))
    .filter((name) => (options.short ? SHORT.includes(name) : !(options.rest && SHORT.includes(name))))
    .map((name) => join(folder, name));
}

const nameOf = (file) => basename(file, '.test.mjs');

/** Files by the name of the process that runs them. */
function processesFor(files) {
  const processes = new Map();
  for (const file of files) {
    const name = Object.hasOwn(ALONE, nameOf(file)) ? nameOf(file) : 'pages';
    processes.set(name, [...(processes.get(name) ?? []), file]);
  }
  return processes;
}

function reporterFlags(name) {
  const reporters = options['test-reporter'];
  const destinations = options['test-reporter-destination'];
  if (reporters.length === 0) return ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  return reporters.flatMap((reporter, i) => {
    const to = destinations[i] ?? 'stdout';
    const own = ['stdout', 'stderr'].includes(to) ? to : `${resolve(to)}-${name}`;
    mkdirSync(dirname(resolve(to)), { recursive: true });
    return [`--test-reporter=${reporter}`, `--test-reporter-destination=${own}`];
  });
}

/** A module that is all of the files, one after the other. */
function writeEntry(name, files) {
  const folder = join(ROOT, 'build', 'tests-entries');
  mkdirSync(folder, { recursive: true });
  const entry = join(folder, `${name}.mjs`);
  writeFileSync(entry, files.map((file) => `import '${pathToFileURL(file)}';\n`).join(''));
  return entry;
}

/** Runs the files in one process; whether all went well. */
function run(name, files, env) {
  const begun = Date.now();
  const args = ['--test', ...reporterFlags(name), writeEntry(name, files)];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit', env, timeout: PROCESS_LIMIT_MS });
  const outcome = status === 0 ? 'passed' : status === null ? 'was ended' : 'failed';
  console.error(`test: ${name} (${files.map(nameOf).join(', ')}) ${outcome} in ${secondsSince(begun)} s`);
  return status === 0;
}

const secondsSince = (begun) => Math.round((Date.now() - begun) / 1000);

const processes = processesFor(chosenFiles());
const begun = Date.now();
const prepared = await prepare([...new Set([...processes.keys()].flatMap((name) => ALONE[name] ?? []))]);
if (prepared.noWeights) console.error(`test: skipping everything that needs real weights: ${prepared.noWeights}`);
console.error(`test: browser tests prepared in ${secondsSince(begun)} s`);
const env = { ...process.env, RESNET50_PREPARED: JSON.stringify(prepared) };
const failed = [...processes].filter(([name, files]) => !run(name, files, env)).map(([name]) => name);
if (failed.length > 0) console.error(`test: failed: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
