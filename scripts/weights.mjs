// Where weights come from on a developer's machine: installed ones, torchvision's address, the test checkpoint, or the
// demo weights of ten classes that are part of the repository. Shared by `npm start` and `npm run demo`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

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
    const unpacked = spawnSync('sh', ['-c', 'xz -dc "$0" > "$1.part" && mv "$1.part" "$1"', packed, checkpoint], {
      stdio: 'inherit',
    });
    if (unpacked.status !== 0) return false;
  }
  rmSync(testWeights, { recursive: true, force: true });
  const labels = join(root, 'weights', 'imagenet-1k.json');
  const source = packed.endsWith('.xz') ? checkpoint : packed;
  const done =
    node([
      ...[cli, 'convert', source, '--name', testVariant, '--out', testWeights, '--labels', labels],
      ...['--transforms', 'V1'], // what it was trained with
    ]).status === 0;
  rmSync(checkpoint, { force: true });
  return done;
}

/** The weights of ten classes that need no network. */
export const demoWeights = { name: demoVariant, folder: join(root, 'weights', demoVariant) };

/** How long an answer of torchvision's site is waited for once it is needed, ms. */
const PATIENCE_MS = 1500;

/**
 * Asks whether torchvision's site answers, in a process of its own: without a network, looking up its name takes ten
 * seconds and cannot be called off.
 * @returns `answers()` resolves to true if the site answers, to false if it does not or has not within PATIENCE_MS;
 *   `stop()` ends the question
 */
export function probeTorchvision() {
  const { url } = JSON.parse(readFileSync(join(root, 'weights', 'registry.json'), 'utf8'))[variant];
  const script = `fetch(${JSON.stringify(url)}, { method: 'HEAD' }).then(() => process.exit(0), () => process.exit(1))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  const answer = new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (status) => resolve(status === 0));
  });
  const stop = () => child.kill('SIGKILL');
  const answers = async () => {
    const timer = setTimeout(stop, PATIENCE_MS);
    const reached = await answer;
    clearTimeout(timer);
    return reached;
  };
  return { answers, stop };
}

/** Whether the folders of RESNET50_CHECKPOINTS may have the checkpoint, so that no network is needed. */
const hasOwnCheckpoints = () => Boolean(process.env.RESNET50_CHECKPOINTS);

/**
 * Name and folder of the best weights that can be had, got if need be; says where they come from.
 * @param probe what probeTorchvision() gave, if it was asked before
 */
export async function findWeights(say, probe = probeTorchvision()) {
  try {
    return await find(say, probe);
  } finally {
    probe.stop();
  }
}

async function find(say, probe) {
  const installed = installedFolder(variant);
  if (installed !== undefined) return { name: variant, folder: installed };
  const test = { name: testVariant, folder: testWeights };
  const fallback = testCheckpoint();
  if (fallback !== undefined && existsSync(join(testWeights, 'manifest.json'))) {
    say(
      `using the test checkpoint (research weights, 72.2 % top-1); 'npx resnet50-wasm weights ${variant}' gets torchvision's own`,
    );
    return test;
  }
  if (hasOwnCheckpoints() || (await probe.answers())) {
    say(`getting ${variant} from torchvision's address (98 MB, once)`);
    if (node([cli, 'weights', variant]).status === 0) return { name: variant, folder: installedFolder(variant) };
  }
  if (fallback !== undefined) {
    say(
      'torchvision cannot be reached: converting the test checkpoint instead (research weights, not for redistribution)',
    );
    if (convertTestCheckpoint(fallback)) return test;
  }
  say(
    `torchvision cannot be reached: using ${demoVariant}, which knows ten classes only (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck); for the 1000 of ImageNet run this again with a network, or put resnet50-11ad3fa6.pth into a folder and name it in RESNET50_CHECKPOINTS`,
  );
  return demoWeights;
}
