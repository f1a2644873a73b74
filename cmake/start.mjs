// npm start [-- PHOTO... [options of `classify`]]: from a clean clone to labels. Builds what this Node runs, gets weights,
// classifies. The package itself knows nothing of this file.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { picturesAmong } from './start-arguments.mjs';
import { demoWeights, findWeights } from './weights.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cli = join(root, 'dist', 'cli.js');

function say(line) {
  console.error(`start: ${line}`);
}

function node(args, options = {}) {
  return spawnSync(process.execPath, args, { stdio: 'inherit', ...options });
}

/** Builds the flavours that this Node.js can run, and the converter; relaxed SIMD came with Node.js 22. */
function build() {
  const major = Number(process.versions.node.split('.')[0]);
  const flavours = major >= 22 ? ['simd-threads', 'relaxed-threads'] : ['simd-threads'];
  if (node([join(root, 'cmake', 'build.mjs'), ...flavours]).status !== 0) process.exit(1);
}

/** Pictures of ours to look at where none is given, with classes that the weights know. */
function pictures(demo) {
  const data = join(root, 'tests', 'data');
  const own = demo ? ['cifar10/cargo-ship.jpg', 'cifar10/box-lorry.jpg'] : ['pictures/clock.jpg'];
  say(`no photo given: using ${own.map((file) => `tests/data/${file}`).join(' and ')}`);
  return own.map((file) => join(data, file));
}

build();
const given = process.argv.slice(2);
const chooses = given.some((argument) => /^(--weights|-w)(=|$)/.test(argument));
const found = chooses ? undefined : findWeights(say);
const wanted = given.includes('--help') || given.includes('-h') || picturesAmong(given).length > 0;
const demo = [found?.name, ...given].some((name) => name?.endsWith(demoWeights.name));
const photos = wanted ? [] : pictures(demo);
// npm runs scripts in the package's folder; photos are named from where the user stands.
const here = process.env.INIT_CWD ?? process.cwd();
const args = given.map((argument) =>
  !argument.startsWith('-') && !isAbsolute(argument) && existsSync(resolve(here, argument)) ? resolve(here, argument) : argument,
);
const chosen = found === undefined ? [] : ['--weights', found.folder];
process.exit(node([cli, 'classify', ...chosen, ...args, ...photos]).status ?? 1);
