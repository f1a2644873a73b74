// npm start [-- PHOTO... [options of `classify`]]: from a clean clone to labels. Builds what this Node runs, gets weights,
// classifies. Knows where weights may come from on a developer's machine; the package itself knows nothing of this file.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cli = join(root, 'dist', 'cli.js');
const variant = 'IMAGENET1K_V2';
const testVariant = 'TEST_CHECKPOINT';
const testWeights = join(root, 'build', 'weights', testVariant);

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

/** Whether the variant's shards are where `load` looks. */
function isInstalled(name) {
  const listing = node([cli, 'weights', '--json'], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  if (listing.status !== 0) return false;
  return JSON.parse(listing.stdout).some((entry) => entry.name === name && entry.installed);
}

/** The checkpoint for tests, where a developer has it: research weights, not ours to ship. */
function testCheckpoint() {
  const material = process.env.RESNET50_TEST_MATERIAL ?? join(root, '..', 'shared');
  const folder = join(material, 'checkpoints');
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((file) => /large-7218\.pth(\.xz)?$/.test(file));
  return name === undefined ? undefined : join(folder, name);
}

function convertTestCheckpoint(packed) {
  mkdirSync(join(root, 'build'), { recursive: true });
  const checkpoint = join(root, 'build', 'test-checkpoint.pth');
  if (packed.endsWith('.xz')) {
    const unpacked = spawnSync('sh', ['-c', 'xz -dc "$0" > "$1.part" && mv "$1.part" "$1"', packed, checkpoint], { stdio: 'inherit' });
    if (unpacked.status !== 0) return false;
  }
  rmSync(testWeights, { recursive: true, force: true });
  const labels = join(root, 'weights', 'imagenet-1k.json');
  const source = packed.endsWith('.xz') ? checkpoint : packed;
  const done = node([cli, 'convert', source, '--name', testVariant, '--out', testWeights, '--labels', labels]).status === 0;
  rmSync(checkpoint, { force: true });
  return done;
}

/** The name or folder to classify with; ends the process with one sentence where there are no weights at all. */
function weights() {
  if (isInstalled(variant)) return variant;
  const fallback = testCheckpoint();
  if (fallback !== undefined && existsSync(join(testWeights, 'manifest.json'))) {
    say(`using the test checkpoint (research weights, 72.2 % top-1); 'npx resnet50-wasm weights ${variant}' gets torchvision's own`);
    return testWeights;
  }
  say(`getting ${variant} from torchvision's address (98 MB, once)`);
  if (node([cli, 'weights', variant]).status === 0) return variant;
  if (fallback !== undefined) {
    say('torchvision cannot be reached: converting the test checkpoint instead (research weights, not for redistribution)');
    if (convertTestCheckpoint(fallback)) return testWeights;
  }
  say(
    `there are no weights: connect to the network and run 'npm start' again, or put resnet50-11ad3fa6.pth into a folder and name it in RESNET50_CHECKPOINTS`,
  );
  process.exit(1);
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
