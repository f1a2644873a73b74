// Where weights come from on a developer's machine: installed ones, torchvision's address, the test checkpoint, or the
// demo weights of ten classes that are part of the repository.
// Shared by `npm start` and `npm run demo`; the package itself knows nothing of this file.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cli = join(root, 'dist', 'cli.js');
const variant = 'IMAGENET1K_V2';
const demoVariant = 'CIFAR10_DEMO';
const testVariant = 'TEST_CHECKPOINT';
const testWeights = join(root, 'build', 'weights', testVariant);

function node(args, options = {}) {
  return spawnSync(process.execPath, args, { stdio: 'inherit', ...options });
}

/** The folder of the variant's shards, where they are where `load` looks in Node.js; else undefined. */
function installedFolder(name) {
  const listing = node([cli, 'weights', '--json'], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  if (listing.status !== 0) return undefined;
  return JSON.parse(listing.stdout).find((entry) => entry.name === name && entry.installed.length > 0)?.folder;
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

/** The weights of ten classes that need no network. */
export const demoWeights = { name: demoVariant, folder: join(root, 'weights', demoVariant) };

/** Name and folder of the best weights that can be had, got if need be; says where they come from. */
export function findWeights(say) {
  const installed = installedFolder(variant);
  if (installed !== undefined) return { name: variant, folder: installed };
  const test = { name: testVariant, folder: testWeights };
  const fallback = testCheckpoint();
  if (fallback !== undefined && existsSync(join(testWeights, 'manifest.json'))) {
    say(`using the test checkpoint (research weights, 72.2 % top-1); 'npx resnet50-wasm weights ${variant}' gets torchvision's own`);
    return test;
  }
  say(`getting ${variant} from torchvision's address (98 MB, once)`);
  if (node([cli, 'weights', variant]).status === 0) return { name: variant, folder: installedFolder(variant) };
  if (fallback !== undefined) {
    say('torchvision cannot be reached: converting the test checkpoint instead (research weights, not for redistribution)');
    if (convertTestCheckpoint(fallback)) return test;
  }
  say(
    `torchvision cannot be reached: using ${demoVariant}, which knows ten classes only (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck); for the 1000 of ImageNet run this again with a network, or put resnet50-11ad3fa6.pth into a folder and name it in RESNET50_CHECKPOINTS`,
  );
  return demoWeights;
}
