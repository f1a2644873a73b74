// node cmake/check-reproducible.mjs [FLAVOUR]: builds one flavour (relaxed) of the committed sources twice, in two folders
// of different names, and compares the modules byte by byte. Exit status 1 where they differ.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emscriptenEnvironment, fail as failWith, root } from './tools.mjs';

const flavour = process.argv[2] ?? 'relaxed';
const fail = (sentence) => failWith('reproducible', sentence);
const environment = emscriptenEnvironment();

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) fail(`'${command} ${args.slice(0, 3).join(' ')} ...' failed:\n${stdout}${stderr}`);
}

/** The hashes of the module's two files, built in a folder of its own. */
function build(folder) {
  mkdirSync(folder, { recursive: true });
  run('sh', ['-c', 'git archive HEAD | tar -x -C "$0"', folder], root);
  const name = `resnet50-${flavour}`;
  // Fetched sources are shared: their checksums are pinned.
  const options = ['-G', 'Ninja', `-DRESNET50_FLAVOUR=${flavour}`, `-DRESNET50_DEPS_DIR=${join(root, 'build', 'deps')}`];
  run('emcmake', ['cmake', '-S', '.', '-B', 'out', ...options], folder);
  run('cmake', ['--build', 'out', '--parallel', '2', '--target', name], folder);
  return ['wasm', 'mjs'].map((suffix) => {
    const bytes = readFileSync(join(folder, 'out', 'src', 'bindings', `${name}.${suffix}`));
    return { file: `${name}.${suffix}`, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}

const base = mkdtempSync(join(tmpdir(), 'resnet50-wasm-reproducible-'));
try {
  const [first, second] = ['first', 'another-and-longer-name'].map((name) => build(join(base, name)));
  for (const [i, { file, bytes, sha256 }] of first.entries()) {
    const equal = sha256 === second[i].sha256;
    console.log(`${file}: ${bytes} bytes, ${sha256}${equal ? ', twice' : `, then ${second[i].sha256}`}`);
    if (!equal) process.exitCode = 1;
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
