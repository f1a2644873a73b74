// npm run build [-- FLAVOUR...]: builds the wasm flavours (all, or those named) and the TypeScript, says what it does
// while it does it, and does nothing twice. Knows CMake and Emscripten, nothing of what is inside.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const allFlavours = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];
const sourceFolders = ['src', 'cmake'];

function fail(sentence) {
  console.error(`build: ${sentence}`);
  process.exit(1);
}

function say(line) {
  console.error(`build: ${line}`);
}

/** Whether `command --version` runs. */
function has(command, environment = process.env) {
  return spawnSync(command, ['--version'], { stdio: 'ignore', env: environment }).status === 0;
}

/** Installs Debian packages whose command is missing, where this is Debian and we may; else says what to install. */
function needCommands(commands) {
  const missing = Object.entries(commands).filter(([command]) => !has(command));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const remedy = `install ${packages.join(', ')} first (on Debian: apt-get install ${packages.join(' ')})`;
  if (!has('apt-get') || process.getuid?.() !== 0) fail(remedy);
  say(`installing ${packages.join(', ')} with apt-get`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => spawnSync('apt-get', ['install', '-y', '-qq', ...packages], { stdio: ['ignore', 'ignore', 'inherit'], env: environment }).status === 0;
  if (install()) return;
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  if (!install()) fail(remedy);
}

/** The environment in which emcc runs: the user's own if it is new enough, else one that we install. */
function emscriptenEnvironment() {
  const own = spawnSync('emcc', ['--version'], { encoding: 'utf8' });
  const major = Number(/\) (\d+)\.|emcc.*? (\d+)\.\d+\.\d+/.exec(own.stdout ?? '')?.slice(1).find(Boolean));
  if (own.status === 0 && major >= 4) return process.env;
  const script = join(root, 'cmake', 'install-toolchain.sh');
  const run = spawnSync('bash', [script], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (run.status !== 0) fail('Emscripten could not be installed (see above); put emcc 4.0 or newer on the PATH');
  return { ...process.env, PATH: `${run.stdout.trim().split('\n').at(-1)}:${process.env.PATH}` };
}

/** A hash of names, sizes and contents below the given folders: what a build depends on. */
function fingerprint(folders, files) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else {
      hash.update(path.slice(root.length)).update('\0').update(readFileSync(path));
    }
  };
  for (const folder of [...folders, ...files]) visit(join(root, folder));
  return hash.digest('hex');
}

/** Runs `step` unless its inputs are what they were when it last succeeded. */
function unlessCurrent(name, inputs, outputs, step) {
  const stamp = join(root, 'build', `.${name}`);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs && outputs.every((file) => existsSync(file))) return;
  step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, inputs);
}

function run(command, args, environment) {
  const result = spawnSync(command, args, { cwd: root, env: environment, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status !== 0) {
    console.error(result.stdout + result.stderr);
    fail(`'${command} ${args.slice(0, 4).join(' ')} ...' failed (its output is above)`);
  }
}

function buildFlavour(flavour, environment) {
  const folder = join('build', flavour);
  const started = Date.now();
  say(`compiling the ${flavour} core`);
  run('emcmake', ['cmake', '-S', '.', '-B', folder, '-G', 'Ninja', `-DRESNET50_FLAVOUR=${flavour}`], environment);
  run('cmake', ['--build', folder, '--parallel', String(availableParallelism())], environment);
  mkdirSync(join(root, 'dist', 'wasm'), { recursive: true });
  for (const module of modulesOf(flavour)) {
    for (const suffix of ['mjs', 'wasm']) {
      copyFileSync(join(root, folder, 'src', 'bindings', `${module}.${suffix}`), join(root, 'dist', 'wasm', `${module}.${suffix}`));
    }
  }
  say(`${flavour} done in ${Math.round((Date.now() - started) / 1000)} s`);
}

function modulesOf(flavour) {
  return flavour === 'simd-threads' ? [`resnet50-${flavour}`, 'resnet50-convert'] : [`resnet50-${flavour}`];
}

function buildFlavours(flavours) {
  const inputs = fingerprint(sourceFolders, ['CMakeLists.txt']);
  let environment;
  for (const flavour of flavours) {
    const outputs = modulesOf(flavour).flatMap((m) => [join(root, 'dist', 'wasm', `${m}.mjs`), join(root, 'dist', 'wasm', `${m}.wasm`)]);
    unlessCurrent(flavour, inputs, outputs, () => {
      if (!environment) {
        needCommands({ cmake: 'cmake', ninja: 'ninja-build', python3: 'python3', xz: 'xz-utils' });
        environment = emscriptenEnvironment();
      }
      buildFlavour(flavour, environment);
    });
  }
}

function buildTypeScript() {
  const inputs = fingerprint(['web'], ['package.json', 'package-lock.json', 'tsconfig.json']);
  unlessCurrent('typescript', inputs, [join(root, 'dist', 'index.js')], () => {
    if (!existsSync(join(root, 'node_modules', '.bin', 'tsc'))) {
      say('installing development packages with npm');
      execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    }
    say('compiling the TypeScript');
    run('npm', ['run', '--silent', 'build:ts'], process.env);
  });
}

const named = process.argv.slice(2);
for (const name of named) {
  if (!allFlavours.includes(name)) fail(`unknown flavour '${name}'; there are ${allFlavours.join(', ')}`);
}
buildTypeScript();
buildFlavours(named.length > 0 ? named : allFlavours);
