// npm run build [-- FLAVOUR...]: builds the wasm flavours (all, or those named) and the TypeScript, says what it does
// while it does it, and does nothing twice. Knows CMake and Emscripten, nothing of what is inside.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { forServers } from '../web/glue.mjs';
import { emscriptenEnvironment, fail as failWith, needPackages, root } from './tools.mjs';

const allFlavours = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];
const buildFiles = ['CMakeLists.txt', 'cmake/flavours.cmake', 'cmake/dependencies.cmake', 'cmake/third-party.cmake'];

const fail = (sentence) => failWith('build', sentence);

function say(line) {
  console.error(`build: ${line}`);
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
    const built = (suffix) => join(root, folder, 'src', 'bindings', `${module}.${suffix}`);
    const shipped = (suffix) => join(root, 'dist', 'wasm', `${module}.${suffix}`);
    copyFileSync(built('wasm'), shipped('wasm'));
    writeFileSync(shipped('mjs'), forServers(readFileSync(built('mjs'), 'utf8')));
  }
  say(`${flavour} done in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Modules that a flavour brings besides its runtime. */
const moreModules = { simd: ['resnet50-trainer-simd'], 'simd-threads': ['resnet50-trainer-simd-threads', 'resnet50-convert'] };

function modulesOf(flavour) {
  return [`resnet50-${flavour}`, ...(moreModules[flavour] ?? [])];
}

function buildFlavours(flavours) {
  const inputs = fingerprint(['src'], [...buildFiles, 'web/glue.mjs']);
  let environment;
  for (const flavour of flavours) {
    const outputs = modulesOf(flavour).flatMap((m) => [join(root, 'dist', 'wasm', `${m}.mjs`), join(root, 'dist', 'wasm', `${m}.wasm`)]);
    unlessCurrent(flavour, inputs, outputs, () => {
      if (!environment) {
        needPackages('build', { cmake: 'cmake', ninja: 'ninja-build', python3: 'python3', xz: 'xz-utils' });
        environment = emscriptenEnvironment();
      }
      buildFlavour(flavour, environment);
    });
  }
}

/** The bundles for browsers contain the glue of the flavours, so those come first. */
function buildTypeScript() {
  const glue = readdirSync(join(root, 'dist', 'wasm')).filter((name) => name.endsWith('.mjs')).map((name) => join('dist', 'wasm', name));
  const inputs = fingerprint(['web'], ['package.json', 'package-lock.json', 'tsconfig.json', ...glue]);
  unlessCurrent('typescript', inputs, [join(root, 'dist', 'index.js')], () => {
    if (!existsSync(join(root, 'node_modules', '.bin', 'tsc'))) {
      say('installing development packages with npm');
      run('npm', ['ci', '--no-audit', '--no-fund'], process.env);
    }
    say('compiling the TypeScript');
    run('npm', ['run', '--silent', 'build:ts'], process.env);
  });
}

const named = process.argv.slice(2);
for (const name of named) {
  if (!allFlavours.includes(name)) fail(`unknown flavour '${name}'; there are ${allFlavours.join(', ')}`);
}
buildFlavours(named.length > 0 ? named : allFlavours);
buildTypeScript();
for (const script of ['notices', 'sbom']) {
  // Sources are there as soon as one flavour has been built.
  if (existsSync(join(root, 'build', 'deps', 'xnnpack'))) run(process.execPath, [join('cmake', `${script}.mjs`)], process.env);
}
