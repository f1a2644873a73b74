// npm run bench [-- --rounds N] [--only REGEX] [--list] [--append] [--report] [--no-build] [--time MS] [--out FILE]
// This package and what one would use instead of it, side by side: every row of rows.mjs in a process or a browser profile
// of its own, in rounds (A B C A B C), so that a disturbance hits all alike. Prints a table (report.mjs) and writes
// build/bench/results.json. A row that cannot run is reported with its reason.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bundleEngines, runInChromium } from './chromium.mjs';
import { installPeers, makeModels, modelBytes, onePhoto, photos } from './models.mjs';
import { report } from './report.mjs';
import { ROWS } from './rows.mjs';
import { sizesOf } from './runtime-sizes.mjs';
import { BenchError, median, newestNode, processor, root, run, work } from './tools.mjs';
import { runInWebKit } from './webkit.mjs';

const TIMEOUT_MS = 180_000;
const BATCH = 64;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    time: { type: 'string', default: '2500' },
    out: { type: 'string', default: join(work, 'results.json') },
    list: { type: 'boolean', default: false },
    append: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});

/** The share of all processors that was in use over a short while, 0..1. */
async function busyNow() {
  const read = () => {
    const times = cpus().flatMap(({ times: { user, nice, sys, idle, irq } }) => [
      { all: user + nice + sys + idle + irq, idle },
    ]);
    return times.reduce((sum, cpu) => ({ all: sum.all + cpu.all, idle: sum.idle + cpu.idle }), { all: 0, idle: 0 });
  };
  const before = read();
  await sleep(400);
  const after = read();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

async function runInNode(spec) {
  const node = await newestNode();
  return new Promise((resolve) => {
    const child = spawn(node, [
      ...spec.flags,
      '--no-warnings',
      join(root, 'bench', 'node-child.mjs'),
      JSON.stringify(spec),
    ]);
    let [output, errors] = ['', ''];
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const line = output.trim().split('\n').at(-1);
      if (line?.startsWith('{')) resolve(JSON.parse(line));
      else resolve({ error: `ended with ${signal ?? `status ${status}`}: ${(errors || output).trim().slice(-300)}` });
    });
  });
}

const RUN_IN = { node: runInNode, chromium: runInChromium, webkit: runInWebKit };

async function runRow(row) {
  const list = row.measures === 'throughput' ? photos(BATCH) : [onePhoto()];
  const spec = { ...row, photos: list, time: { warmUp: Number(options.time) / 2, milliseconds: Number(options.time) } };
  const busy = await busyNow();
  const result = await RUN_IN[row.host](spec, TIMEOUT_MS);
  return { busy, date: new Date().toISOString(), ...result };
}

function machine(results, host) {
  const chromium = results.flatMap(({ runs }) => runs.map((r) => r.version)).find(Boolean);
  return { ...host, cores: cpus().length, chromium };
}

function save(results, host) {
  mkdirSync(dirname(options.out), { recursive: true });
  const content = { machine: machine(results, host), rows: results };
  writeFileSync(options.out, `${JSON.stringify(content, null, 1)}\n`);
  return content;
}

function prepare(rows) {
  if (!options['no-build'])
    run(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  makeModels();
  try {
    installPeers();
  } catch (error) {
    console.error(`bench: the peers could not be installed, their rows will fail: ${error.message}`);
  }
  const inPages = rows.filter((row) => row.host !== 'node').map((row) => row.engine);
  return bundleEngines([...new Set(inPages)]);
}

function progress(round, row, result) {
  const figures = result.error ? `failed: ${result.error.split('\n')[0]}` : `${median(result.ms).toFixed(1)} ms`;
  console.error(`bench: ${round + 1}/${options.rounds} ${row.name.padEnd(44)} ${figures}`);
}

async function measureAll(rows) {
  const known = options.append && existsSync(options.out) ? JSON.parse(readFileSync(options.out, 'utf8')).rows : [];
  const fresh = rows.map(
    (row) => known.find((entry) => entry.row.name === row.name) ?? { row, runs: [], modelBytes: modelBytes(row) },
  );
  const host = { cpu: await processor(), node: run(await newestNode(), ['--version']).trim() };
  const results = [...known.filter((entry) => !fresh.includes(entry)), ...fresh];
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const entry of fresh) {
      if (entry.runs.length > 0 && entry.runs.every((r) => r.error)) continue; // what cannot run is not tried again
      const { runtimeFiles, ...result } = await runRow(entry.row);
      if (runtimeFiles) entry.runtimeFiles = runtimeFiles;
      entry.runs.push(result);
      progress(round, entry.row, result);
      save(results, host);
    }
  }
  for (const entry of results.filter((e) => e.runtimeFiles)) {
    entry.sizes = sizesOf(entry.runtimeFiles.filter((file) => existsSync(file)));
  }
  return save(results, host);
}

try {
  const rows = ROWS.filter((row) => new RegExp(options.only).test(row.name));
  if (rows.length === 0) throw new BenchError(`no row matches ${options.only} (--list shows all)`);
  if (options.list) {
    console.log(rows.map((row) => row.name).join('\n'));
  } else if (options.report) {
    if (!existsSync(options.out)) throw new BenchError(`${options.out} does not exist: run npm run bench first`);
    const content = JSON.parse(readFileSync(options.out, 'utf8'));
    console.log(
      report({ ...content, rows: content.rows.filter(({ row }) => rows.some(({ name }) => name === row.name)) }),
    );
  } else {
    await prepare(rows);
    console.log(report(await measureAll(rows)));
  }
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exit(1);
}
