// node scripts/check-reproducible.mjs [FLAVOR]: builds one flavor (relaxed) of the committed sources twice, in two folders
// of different names, and compares the modules byte by byte. Exit status 1 if they differ.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emscriptenEnvironment } from './compile.mjs';
import { root, runQuietly } from './lib.mjs';

const flavor = process.argv[2] ?? 'relaxed';
// Not from ccache, which would compare an object with itself.
const env = { ...(await emscriptenEnvironment('reproducible')), CCACHE_DISABLE: '1' };
const run = (what, command, args, cwd) => runQuietly('reproducible', what, command, args, { env, cwd });

/** The hashes of the module's two files, built in a folder of its own. */
async function build(folder) {
  mkdirSync(folder, { recursive: true });
  await run('unpacking', 'sh', ['-c', 'git archive HEAD | tar -x -C "$0"', folder], root);
  const name = `resnet50-${flavor}`;
  // Fetched sources are shared: their checksums are pinned.
  const options = ['--toolchain', 'cmake/emscripten.cmake', `-DRESNET50_DEPS_DIR=${join(root, 'build', 'deps')}`];
  await run('configuring', 'cmake', ['-S', '.', '-B', 'out', '-G', 'Ninja', ...options], folder);
  await run('compiling', 'ninja', ['-C', 'out', name], folder);
  return ['wasm', 'mjs'].map((suffix) => {
    const bytes = readFileSync(join(folder, 'out', 'src', 'bindings', `${name}.${suffix}`));
    return { file: `${name}.${suffix}`, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}

const base = mkdtempSync(join(tmpdir(), 'resnet50-wasm-reproducible-'));
try {
  const first = await build(join(base, 'first'));
  const second = await build(join(base, 'another-and-longer-name'));
  for (const [i, { file, bytes, sha256 }] of first.entries()) {
    const equal = sha256 === second[i].sha256;
    console.log(`${file}: ${bytes} bytes, ${sha256}${equal ? ', twice' : `, then ${second[i].sha256}`}`);
    if (!equal) process.exitCode = 1;
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
