// npm run faults: commands whose system calls fail once each (no room, no permission, a broken disk), or that are killed
// there. Afterwards what was there before is there, or what was to be, never between; the next try succeeds and sweeps.
// strace injects the faults. Usage: npm run faults -- [COMMAND...] [--calls pwrite64,rename]
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fakeImage, fakePackage, makeVariant, ROOT, run, sendRange, sha256 } from './node/helpers.mjs';
import { startServer } from './support/server.mjs';

/** Every system call that may fail, and how. Reading and opening hit Node.js's own files too. */
const FAULTS = {
  pwrite64: ['error=ENOSPC', 'error=EIO', 'signal=KILL'],
  fsync: ['error=EIO', 'error=ENOSPC', 'signal=KILL'],
  rename: ['error=EACCES', 'error=EIO', 'error=ENOSPC', 'signal=KILL'],
  link: ['error=EPERM', 'error=ENOSPC', 'signal=KILL'],
  mkdir: ['error=EACCES', 'error=ENOSPC', 'signal=KILL'],
  unlink: ['error=EACCES', 'error=EIO', 'signal=KILL'],
  fchmod: ['error=EPERM', 'signal=KILL'],
  close: ['error=EIO'],
  openat: ['error=EACCES', 'error=EMFILE', 'error=ENOSPC'],
  read: ['error=EIO'],
  pread64: ['error=EIO'],
  connect: ['error=ECONNREFUSED', 'error=ENETUNREACH'],
};

/** Calls of a thread that are tried: what opens and reads does so for Node.js's own start too, hundreds of times. */
const MOST = 60;

export const straceMissing = () =>
  spawnSync('strace', ['--seccomp-bpf', '-f', '-e', 'trace=none', 'true']).status !== 0 &&
  'strace is not installed, or may not trace';

/** A checkpoint of the stand-in core whose sha256 begins as that of IMAGENET1K_V2 does. */
const CHECKPOINT = Buffer.from('CKPT{"classes":1000,"nonce":"000003c3000c2256"}');
/** Pictures and settings of commands that need the compiled core; the others have the stand-in. */
const PICTURES = join(ROOT, 'tests', 'data', 'cifar10');
const MODEL = ['--weights', 'CIFAR10_DEMO', '--flavour', 'simd-threads', '--threads', '1'];

/** Writes a variant of another network, in whose place the new one is to come. */
function writeOldVariant(folder, name) {
  const { manifest, files } = makeVariant(name, { shards: 4, bytes: 3000 });
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

/** Commands by name: their arguments, where `out` is the folder that they write into, and what is there before. */
function commands(shared) {
  const before = (out, ...names) => {
    for (const name of names) writeFileSync(join(out, name), 'before');
  };
  const results = (out) => ['--out', join(out, 'v.npy'), '--names', join(out, 'n.txt')];
  return {
    weights: { args: (out) => ['weights', 'CIFAR10_DEMO', '--out', out], fresh: () => undefined },
    'weights-again': {
      args: (out) => ['weights', 'CIFAR10_DEMO', '--out', out, '--force'],
      fresh: (out) => writeOldVariant(join(out, 'CIFAR10_DEMO'), 'old'),
    },
    convert: {
      fake: true,
      args: (out) => [
        'convert',
        shared.checkpoint,
        '--name',
        'mine',
        '--out',
        join(out, 'mine'),
        '--precision',
        'both',
        '--transforms',
        'V2',
      ],
      fresh: (out) => writeOldVariant(join(out, 'mine'), 'old'),
    },
    download: {
      fake: true,
      args: (out) => ['weights', 'IMAGENET1K_V2', '--out', out],
      fresh: (out) => rmSync(join(out, '..', 'cache'), { recursive: true, force: true }),
    },
    embed: {
      fake: true,
      args: (out) => ['embed', ...shared.pictures, ...results(out), '--weights', shared.weights],
      fresh: (out) => before(out, 'v.npy', 'n.txt'),
    },
    explain: {
      fake: true,
      args: (out) => ['explain', shared.pictures[0], '--out', join(out, 'heat.png'), '--weights', shared.weights],
      fresh: (out) => before(out, 'heat.png'),
    },
    evaluate: {
      fake: true,
      args: (out) => ['evaluate', shared.sorted, '--report', join(out, 'report.html'), '--weights', shared.weights],
      fresh: (out) => before(out, 'report.html'),
    },
    fit: {
      args: (out) => ['fit', shared.labeled, '--out', join(out, 'head.safetensors'), ...MODEL],
      fresh: (out) => before(out, 'head.safetensors'),
    },
  };
}

/** Files below a folder with their hashes, temporary ones apart; a variant counts as one thing: its manifest with its shards. */
function stateOf(folder) {
  const state = {};
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const temporary = path
      .slice(folder.length)
      .split('/')
      .some((name) => name.startsWith('.resnet50-wasm-'));
    if (!entry.isFile() || temporary) continue;
    if (entry.name === 'manifest.json') state[path.slice(folder.length)] = variantAt(join(path, '..'));
    else if (!entry.name.endsWith('.safetensors') || entry.name === 'head.safetensors')
      state[path.slice(folder.length)] = sha256(readFileSync(path));
  }
  return state;
}

function variantAt(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const shards = Object.values(manifest.precisions).flatMap(({ shards: list }) => list);
  const broken = shards.find(({ file, bytes, sha256: hash }) => {
    const path = join(folder, file);
    return !existsSync(path) || statSync(path).size !== bytes || sha256(readFileSync(path)) !== hash;
  });
  return broken === undefined ? shards.map(({ sha256: hash }) => hash).join() : `${broken.file} is broken`;
}

/** Everything, with what is temporary. */
const listing = (folder) => readdirSync(folder, { recursive: true }).map(String).sort();

/**
 * Lets each call of a command fail once.
 * @param {string} name
 * @param {{ calls?: string[], onRun?: (what: string) => void }} options
 * @returns {Promise<{ runs: number, failures: string[] }>}
 */
export async function runFaults(name, { calls = Object.keys(FAULTS), onRun = () => undefined } = {}) {
  const base = mkdtempSync(join(tmpdir(), 'resnet50-wasm-faults-'));
  const cleanups = [() => rmSync(base, { recursive: true, force: true })];
  try {
    return await runIn(base, name, calls, onRun, cleanups);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function runIn(base, name, calls, onRun, cleanups) {
  const server = await startServer({
    folders: {},
    fault: (request, response) => {
      sendRange(request, response, CHECKPOINT);
      return true;
    },
  });
  cleanups.push(server.close);
  const pictures = [1, 2].map((pixel) => join(base, `${pixel}.jpg`));
  for (const [i, path] of pictures.entries()) writeFileSync(path, fakeImage(i + 1));
  const weights = join(base, 'weights', 'made-up');
  writeOldVariant(weights, 'made-up');
  const shared = { checkpoint: join(base, 'mine.pth'), labeled: join(base, 'labeled'), pictures, weights };
  // The second picture is got wrong, so the report shows it.
  shared.sorted = join(base, 'sorted');
  for (const [i, path] of pictures.entries()) {
    mkdirSync(join(shared.sorted, 'label 1'), { recursive: true });
    cpSync(path, join(shared.sorted, 'label 1', `${i}.jpg`));
  }
  writeFileSync(shared.checkpoint, 'CKPT{"classes":3}');
  for (const [label, file] of [
    ['bird', 'bird.jpg'],
    ['car', 'blue-car.jpg'],
  ]) {
    mkdirSync(join(shared.labeled, label), { recursive: true });
    cpSync(join(PICTURES, file), join(shared.labeled, label, file));
  }
  const { args, fresh, fake } = commands(shared)[name];
  const folder = fake ? await fakePackage({ after: (cleanup) => cleanups.push(cleanup) }) : ROOT;
  const cli = join(folder, 'dist', 'cli.js');
  const env = {
    ...{ XDG_CACHE_HOME: join(base, 'cache'), RESNET50_WEIGHTS_DIR: '', RESNET50_CHECKPOINTS: server.origin },
    UV_THREADPOOL_SIZE: '1', // strace counts calls by thread
  };
  const out = join(base, 'out');
  const start = () => {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    fresh(out);
  };
  const plain = () => run(process.execPath, [cli, ...args(out)], { env });
  start();
  const old = stateOf(out);
  const reference = await plain();
  if (reference.status !== 0) throw new Error(`${name} fails without faults: ${reference.stderr}`);
  const [wanted, names] = [stateOf(out), listing(out)];

  const failures = [];
  let runs = 0;
  for (const call of calls) {
    for (const fault of FAULTS[call]) {
      for (let n = 1; n <= MOST; n++) {
        start();
        const log = join(base, 'strace.log');
        const inject = `inject=${call}:${fault}:when=${n}`;
        const strace = ['--seccomp-bpf', '-f', '-qq', '-o', log, '-e', `trace=${call}`, '-e', inject];
        const broken = await run('strace', [...strace, process.execPath, cli, ...args(out)], { env });
        const hit = broken.signal === 'SIGKILL' || readFileSync(log, 'utf8').includes('(INJECTED)');
        if (!hit) break;
        runs++;
        const what = `${name}: ${call} ${fault} at ${n}`;
        onRun(what);
        const complain = (why) => failures.push(`${what}: ${why}; it said: ${broken.stderr.trim().slice(0, 300)}`);
        const state = stateOf(out);
        for (const [file, content] of Object.entries(state)) {
          if (content !== old[file] && content !== wanted[file]) complain(`${file} is between: ${content}`);
        }
        for (const file of Object.keys(old)) if (!(file in state)) complain(`${file} is gone`);
        if (broken.status === 0 && JSON.stringify(state) !== JSON.stringify(wanted))
          complain('success without a result');
        if (/^resnet50-wasm: .*\bE[A-Z]{3,}\b|a bug of/m.test(broken.stderr)) complain('a raw error');
        const again = await plain();
        if (again.status !== 0) complain(`the second try failed: ${again.stderr}`);
        else if (JSON.stringify(stateOf(out)) !== JSON.stringify(wanted))
          complain('the second try left something else');
        else if (listing(out).join() !== names.join()) complain(`left over: ${listing(out)}`);
      }
    }
  }
  return { runs, failures };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = straceMissing();
  if (missing) {
    console.error(missing);
    process.exit(1);
  }
  const { values, positionals } = parseArgs({ options: { calls: { type: 'string' } }, allowPositionals: true });
  const names = positionals.length > 0 ? positionals : Object.keys(commands({}));
  let failed = 0;
  for (const name of names) {
    const begun = performance.now();
    const { runs, failures } = await runFaults(name, values.calls ? { calls: values.calls.split(',') } : {});
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(`${name}: ${runs} faults, ${failures.length} failures, ${seconds} s`);
    for (const failure of failures) console.log(`  ${failure}`);
    failed += failures.length;
  }
  process.exitCode = failed === 0 ? 0 : 1;
}
