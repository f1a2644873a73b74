// npm start [-- PHOTO... [options of `classify`]]: from a clean clone to labels. Builds what this Node runs, gets weights,
// classifies.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { build } from './build.mjs';
import { root, say as sayAs } from './lib.mjs';
import { flavorsForNode } from './modules.mjs';
import { picturesAmong } from './start-arguments.mjs';
import { demoWeights, findWeights, probeTorchvision } from './weights.mjs';

const cli = join(root, 'dist', 'cli.js');
const say = (line) => sayAs('start', line);

/** Pictures of ours to look at where none is given, with classes that the weights know. */
function pictures(demo) {
  const data = join(root, 'tests', 'data');
  const own = demo ? ['cifar10/cargo-ship.jpg', 'cifar10/box-lorry.jpg'] : ['pictures/clock.jpg'];
  say(`no photo given: using ${own.map((file) => `tests/data/${file}`).join(' and ')}`);
  return own.map((file) => join(data, file));
}

const given = process.argv.slice(2);
const chooses = given.some((argument) => /^(--weights|-w)(=|$)/.test(argument));
// Whether torchvision's site answers is found out while the rest goes on, not when it is needed.
const probe = chooses ? undefined : probeTorchvision();
await build(flavorsForNode(Number(process.versions.node.split('.')[0])));
const found = chooses ? undefined : await findWeights(say, probe);
const wanted = given.includes('--help') || given.includes('-h') || picturesAmong(given).length > 0;
const demo = [found?.name, ...given].some((name) => name?.endsWith(demoWeights.name));
const photos = wanted ? [] : pictures(demo);
// npm runs scripts in the package's folder; photos are named from where the user stands.
const here = process.env.INIT_CWD ?? process.cwd();
const args = given.map((argument) =>
  !argument.startsWith('-') && !isAbsolute(argument) && existsSync(resolve(here, argument))
    ? resolve(here, argument)
    : argument,
);
const chosen = found === undefined ? [] : ['--weights', found.folder];
const { status } = spawnSync(process.execPath, [cli, 'classify', ...chosen, ...args, ...photos], { stdio: 'inherit' });
process.exit(status ?? 1);
