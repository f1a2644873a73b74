// npm run fuzz [-- --seconds N] [TARGET...]: builds the fuzzers, runs each for N seconds (60), as many at a time as there
// are cores, and says how many inputs each has tried and what it found. Findings go to tests/data/fuzz/TARGET/, where a
// C++ test replays them for good. Corpora grow in build/fuzz/corpus/TARGET from run to run. Exit status 1 where there
// are findings. The target `wasm` is not among those that run by default: mutants of pictures through the compiled module
// of the package (`npm run build` first).
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { configureSanitized, ninja, SANITIZED_FOLDER } from '../../scripts/compile.mjs';
import { fail as failWith, root } from '../../scripts/lib.mjs';
import { fuzzWasm } from './wasm.mjs';

const build = join(root, 'build', 'fuzz');
const data = join(root, 'tests', 'data');
const material = process.env.RESNET50_TEST_MATERIAL ?? join(root, '..', 'shared');
const fail = (sentence) => failWith('fuzz', sentence);

/** The target that is no program of libFuzzer. */
const WASM = 'wasm';

/** An input that takes longer is a finding, seconds. */
const SLOW = 2;
/** Longest input, bytes: longer ones make every execution slow. */
const MAX_BYTES = 16 * 1024;
/** The same of pictures, which the targets decode at small sizes only. */
const MAX_PICTURE_BYTES = 2 * 1024;

const images = () => [
  ...filesBelow(join(data, 'image'), /\.(jpg|png|bmp|gif|webp|tif)$/),
  ...filesBelow(join(material, 'images', 'decoder'), /\.(jpe?g|png|bmp|gif|webp|tiff?)$/i),
];
const checkpoints = (pattern) => filesBelow(join(data, 'checkpoints'), pattern);
// `lead`: bytes before a seed, where the target takes options from them.
const targets = {
  decode: { dictionary: 'image', seeds: images, lead: 1, maxBytes: MAX_PICTURE_BYTES },
  transform: { seeds: () => [] },
  checkpoint: { dictionary: 'checkpoint', seeds: () => checkpoints(/\.(pth|safetensors)$/) },
  pickle: { dictionary: 'checkpoint', seeds: () => checkpoints(/\.pickle$|stream\.pth$/) },
  safetensors: { dictionary: 'safetensors', seeds: () => checkpoints(/\.safetensors$/) },
  labels: { dictionary: 'image', seeds: images, maxBytes: MAX_PICTURE_BYTES },
};

function filesBelow(folder, pattern) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function parse(args) {
  let seconds = 60;
  const names = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--seconds') seconds = Number(args[++i]);
    else names.push(args[i]);
  }
  if (!(seconds > 0)) fail('--seconds takes a positive number');
  const unknown = names.find((name) => !(name in targets) && name !== WASM);
  if (unknown !== undefined) fail(`there is no target '${unknown}', only ${Object.keys(targets).join(', ')}, ${WASM}`);
  return { seconds, names: names.length > 0 ? names : Object.keys(targets) };
}

async function compile(names) {
  const env = await configureSanitized('fuzz');
  await ninja(
    'fuzz',
    SANITIZED_FOLDER,
    names.map((name) => (name === WASM ? 'image_mutants' : `fuzz_${name}`)),
    { what: 'compiling the fuzzers', env },
  );
}

/** The compiled fuzzer of a target. */
const program = (name) => join(root, SANITIZED_FOLDER, 'tests', 'fuzz', `fuzz_${name}`);

/** Files by the hash of their contents in the target's corpus; libFuzzer adds its own beside them. */
function seed(name, folder) {
  mkdirSync(folder, { recursive: true });
  const { seeds, lead = 0, maxBytes = MAX_BYTES } = targets[name];
  for (const file of [...seeds(), ...filesBelow(join(data, 'fuzz', name), /./)]) {
    const bytes = readFileSync(file);
    if (bytes.length > maxBytes) continue;
    const leads =
      lead === 0 || file.startsWith(join(data, 'fuzz')) ? [Buffer.alloc(0)] : [0, 3].map((n) => Buffer.from([n]));
    for (const front of leads) {
      const content = Buffer.concat([front, bytes]);
      writeFileSync(join(folder, `seed-${createHash('sha1').update(content).digest('hex')}`), content);
    }
  }
}

/** Whether an input is slow by itself, not because the machine had something else to do; deletes it where it is not. */
function isSlow(name, path) {
  const started = Date.now();
  spawnSync(program(name), [path], { stdio: 'ignore' });
  const slow = Date.now() - started > SLOW * 1000;
  if (!slow) rmSync(path);
  return slow;
}

function fuzz(name, seconds) {
  const corpus = join(build, 'corpus', name);
  const artifacts = join(build, 'findings', name);
  mkdirSync(artifacts, { recursive: true });
  const before = new Set(readdirSync(artifacts));
  seed(name, corpus);
  const { dictionary, maxBytes = MAX_BYTES } = targets[name];
  const args = [`-max_total_time=${seconds}`, `-report_slow_units=${SLOW}`, '-timeout=20', `-max_len=${maxBytes}`];
  args.push('-rss_limit_mb=3000', '-print_final_stats=1', `-artifact_prefix=${artifacts}/`);
  if (dictionary) args.push(`-dict=${join(root, 'tests', 'fuzz', 'dictionaries', `${dictionary}.dict`)}`);
  const environment = {
    ...process.env,
    ASAN_OPTIONS: 'allocator_may_return_null=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const child = spawn(program(name), [...args, corpus], { env: environment });
  let log = '';
  child.stderr.on('data', (text) => {
    log = (log + text).slice(-200_000);
  });
  // The fuzzer's own time does not count what it reads at the start.
  const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1000 + 240_000);
  return new Promise((resolve) => {
    child.on('close', (status) => {
      clearTimeout(limit);
      const executions = Number(
        /number_of_executed_units:\s+(\d+)/.exec(log)?.[1] ?? /.*#(\d+)\s/s.exec(log)?.[1] ?? 0,
      );
      const found = readdirSync(artifacts).filter((file) => !before.has(file));
      const findings = found
        .map((file) => join(artifacts, file))
        .filter((path) => !path.includes('slow-unit') || isSlow(name, path));
      resolve({ status, executions, findings, log });
    });
  });
}

/** Mutants of the fixtures and of what the target `decode` has found worth keeping, through the package's module. */
async function fuzzPackage(seconds) {
  const seed = Date.now() % 2 ** 31;
  const folders = [join(data, 'image'), join(data, 'fuzz'), join(build, 'corpus', 'decode')];
  const { executions, read, labeled, fault, file } = await fuzzWasm({ seconds, seed, folders });
  const log = `seed ${seed}: ${read} pictures read, ${labeled} labeled`;
  console.log(`fuzz: ${WASM}: ${log}`);
  if (fault === undefined) return { status: 0, executions, findings: [], log };
  const finding = join(build, 'findings', `wasm-${seed}-${executions}`);
  mkdirSync(join(build, 'findings'), { recursive: true });
  writeFileSync(finding, file ?? '');
  return { status: 1, executions, findings: [finding], log: `${log}\n${fault}` };
}

/** Says what came of a target and keeps what it found; gives the number of executions. */
function report(name, { status, executions, findings, log }) {
  console.log(`fuzz: ${name}: ${executions} executions, ${findings.length} findings`);
  if (status === 0 && findings.length === 0) return executions;
  process.exitCode = 1;
  console.error(log.slice(-6000));
  const kept = join(data, 'fuzz', name);
  mkdirSync(kept, { recursive: true });
  for (const file of findings) {
    const copy = join(kept, file.slice(file.lastIndexOf('/') + 1));
    copyFileSync(file, copy);
    console.error(`fuzz: ${name}: kept ${copy}`);
  }
  return executions;
}

const { seconds, names } = parse(process.argv.slice(2));
await compile(names);
console.error(`fuzz: ${names.join(', ')}: ${seconds} s each, after reading their seeds`);
let total = 0;
const waiting = [...names];
async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const result = await (name === WASM ? fuzzPackage(seconds) : fuzz(name, seconds));
    total += report(name, result);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(`fuzz: ${total} executions in all`);
