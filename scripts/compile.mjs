// Compiling with CMake and ninja: Emscripten's environment, the build folders, and a count that moves while they work.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fail, folderOnPath, needPackages, root, runLoudly, runQuietly, say, seconds } from './lib.mjs';

export const WASM_FOLDER = join('build', 'wasm');
export const SANITIZED_FOLDER = join('build', 'native-sanitized');

/** ccache, if there is one, shares objects between clones: paths below the repository count as relative. */
const CCACHE = { CCACHE_BASEDIR: root, CCACHE_NOHASHDIR: '1', CCACHE_SLOPPINESS: 'time_macros,include_file_mtime' };

/** The interpreter itself: Emscripten's launchers take the first python3 of the PATH, which may be a shim that takes longer than they do. */
function realPython() {
  if (process.env.EMSDK_PYTHON) return process.env.EMSDK_PYTHON;
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'python3';
}

/** The first line of `emcc --version`; undefined if that is not at least version 4. */
function versionOf(bin, env) {
  const { stdout } = spawnSync(join(bin, 'emcc'), ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } });
  const line = (stdout ?? '').split('\n')[0];
  return Number(/ (\d+)\.\d+\.\d+/.exec(line)?.[1]) >= 4 ? line : undefined;
}

/** The folder of the Emscripten that scripts/install-toolchain.sh installs, unless it is there already. */
async function installedEmscripten(who, env) {
  await needPackages(who, { python3: 'python3', xz: 'xz-utils' });
  const isResult = (line) => line.startsWith('/');
  const { status, output } = await runLoudly(who, 'installing Emscripten', 'bash', ['scripts/install-toolchain.sh'], {
    env,
    show: (text) => process.stderr.write(text.replace(/^\/.*\n/gm, '')),
  });
  if (status !== 0) fail(who, 'Emscripten could not be installed (see above); put emcc 4.0 or newer on the PATH');
  return output.trim().split('\n').filter(isResult).at(-1);
}

/**
 * The environment in which emcc runs: the user's own if it is new enough, else one that we install. The answer is kept in
 * the build folder, as asking takes a second; it is asked again when another emcc comes to the PATH.
 */
export async function emscriptenEnvironment(who, folder = WASM_FOLDER) {
  const file = join(root, folder, 'emscripten.json');
  const onPath = folderOnPath('emcc') ?? null;
  let kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  if (kept === undefined || kept.onPath !== onPath || !existsSync(join(kept.bin, 'emcc'))) {
    const python = realPython();
    const env = { EMSDK_PYTHON: python };
    const ownIsNew = onPath !== null && versionOf(onPath, env) !== undefined;
    const bin = ownIsNew ? onPath : await installedEmscripten(who, env);
    const version = versionOf(bin, env);
    // Another compiler's objects are of no use.
    if (kept !== undefined && kept.version !== version) rmSync(join(root, folder), { recursive: true, force: true });
    kept = { bin, version, python, onPath };
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(file, JSON.stringify(kept));
  }
  return { ...CCACHE, EMSDK_PYTHON: kept.python, PATH: `${kept.bin}:${process.env.PATH}` };
}

/** What CMake's cache says of the compilers that a build folder was configured with. */
const COMPILERS = /^(?:CMAKE_CXX_COMPILER|CMAKE_C_COMPILER|RESNET50_LLVM_BIN|RESNET50_EMXX):[A-Z]+=(\/.+)$/gm;

/** Whether one of them is gone: another toolchain was installed, a cache cleared. */
export function compilerIsGone(folder) {
  const cache = join(root, folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return false;
  return [...readFileSync(cache, 'utf8').matchAll(COMPILERS)].some(([, path]) => !existsSync(path));
}

/** Configures a build folder, unless ninja can do that by itself: it notices what CMake has to read again. */
async function configure(who, folder, settings, env) {
  const wanted = JSON.stringify(settings);
  // CMake cannot change the compiler of a folder, and another compiler's objects are of no use.
  if (compilerIsGone(folder)) {
    say(who, `${folder} was compiled with a compiler that is no longer installed; starting afresh`);
    rmSync(join(root, folder), { recursive: true, force: true });
  }
  const file = join(root, folder, 'settings.json');
  const current =
    existsSync(join(root, folder, 'build.ninja')) && existsSync(file) && readFileSync(file, 'utf8') === wanted;
  if (current) return;
  await needPackages(who, { cmake: 'cmake', ninja: 'ninja-build' });
  const args = ['-S', root, '-B', join(root, folder), '-G', 'Ninja', '--log-level=STATUS', ...settings];
  say(who, `configuring ${folder}`);
  await runQuietly(who, 'configuring', 'cmake', args, { env });
  writeFileSync(file, wanted);
}

/** Configures the wasm build; its environment. */
export async function configureWasm(who, folder = WASM_FOLDER, settings = []) {
  const env = await emscriptenEnvironment(who, folder);
  const toolchain = `-DCMAKE_TOOLCHAIN_FILE=${join(root, 'cmake', 'emscripten.cmake')}`;
  await configure(who, folder, [toolchain, ...settings], env);
  return env;
}

/** Debian's package with the sanitizers of the clang that is installed; undefined before that. */
function sanitizerPackage() {
  const major = /version (\d+)/.exec(spawnSync('clang', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
  return major && `libclang-rt-${major}-dev`;
}

/** clang, what else the native tests are compiled with, and clang's sanitizers. */
export async function needSanitizers(who) {
  await needPackages(who, { clang: 'clang', cmake: 'cmake', ninja: 'ninja-build' }, ['libgtest-dev', 'googletest']);
  const runtime = sanitizerPackage();
  if (runtime !== undefined) await needPackages(who, {}, [runtime]);
}

/** Configures the native build under AddressSanitizer and UBSan, which the C++ tests and the fuzzers share. */
export async function configureSanitized(who, folder = SANITIZED_FOLDER, settings = []) {
  await needSanitizers(who);
  const compilers = ['-DCMAKE_C_COMPILER=clang', '-DCMAKE_CXX_COMPILER=clang++'];
  await configure(
    who,
    folder,
    [...compilers, '-DRESNET50_SANITIZE=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', ...settings],
    CCACHE,
  );
  return CCACHE;
}

/** Configures a native build with the system's compiler and the given settings. */
export async function configureNative(who, folder, settings) {
  await needPackages(who, { 'c++': 'g++', cmake: 'cmake', ninja: 'ninja-build' }, ['libgtest-dev']);
  await configure(who, folder, settings, CCACHE);
  return CCACHE;
}

/** Between two lines of progress, ms. */
const PROGRESS_MS = 4000;

/** A listener to ninja's output that says how far it is, and nothing where there is nothing to do. */
function progress(who, what) {
  const begun = performance.now();
  let said = begun - PROGRESS_MS + 500;
  return (text) => {
    const last = [...text.matchAll(/^\[(\d+)\/(\d+)\]/gm)].at(-1);
    if (last === undefined || performance.now() - said < PROGRESS_MS) return false;
    said = performance.now();
    say(who, `${what}: ${last[1]} of ${last[2]} (${seconds(begun)} s)`);
    return true;
  };
}

/**
 * Builds targets in a configured folder.
 * @param options.what what is compiled, for the lines that say how far it is
 * @param options.env environment that the configuring gave
 */
export async function ninja(who, folder, targets, { what = 'compiling', env = {} } = {}) {
  const args = ['-C', join(root, folder), '-j', String(availableParallelism()), ...targets];
  const { status, output } = await runLoudly(who, what, 'ninja', args, { env, show: progress(who, what) });
  if (status === 0) return;
  // What fails comes after its FAILED line; where CMake itself fails, before it.
  console.error(/^CMake Error/m.test(output) ? output : output.slice(output.indexOf('FAILED:')));
  fail(who, `${what} failed (the compiler's output is above)`);
}
