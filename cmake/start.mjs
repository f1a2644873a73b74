// npm start [-- PHOTO... [options of `classify`]]: from a clean clone to labels. Builds what this Node runs, gets weights,
// classifies. The package itself knows nothing of this file.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findWeights } from './weights.mjs';

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

/** The folder to classify with; ends the process where there are no weights at all. */
function weights() {
  const found = findWeights(say);
  if (found === undefined) process.exit(1);
  return found.folder;
}

build();
const given = process.argv.slice(2);
const photos = given.some((argument) => !argument.startsWith('-')) ? [] : [join(root, 'tests', 'data', 'pictures', 'clock.jpg')];
if (photos.length > 0) say(`no photo given: using ${photos[0].slice(root.length + 1)}`);
// npm runs scripts in the package's folder; photos are named from where the user stands.
const here = process.env.INIT_CWD ?? process.cwd();
const args = given.map((argument) =>
  !argument.startsWith('-') && !isAbsolute(argument) && existsSync(resolve(here, argument)) ? resolve(here, argument) : argument,
);
const chosen = given.includes('--weights') ? [] : ['--weights', weights()];
process.exit(node([cli, 'classify', ...chosen, ...args, ...photos]).status ?? 1);
