// What the benchmarks of training share: the newest Node.js, the material that must be there, and parts of CIFAR-10.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MATERIAL, weightsMissing } from '../tests/test-weights.mjs';
import { newestNode } from './tools.mjs';

const ARCHIVE = join(MATERIAL, 'datasets', 'cifar-10-jpeg.tar.xz');

export function fail(sentence) {
  console.error(`bench: ${sentence}`);
  process.exit(1);
}

/** Starts a program anew in the newest Node.js, which has relaxed SIMD; `--this-node` stays. Fails where material is missing. */
export async function begin(program) {
  const newest = await newestNode();
  if (!process.argv.includes('--this-node') && newest !== process.execPath) {
    const args = [program, ...process.argv.slice(2), '--this-node'];
    process.exit(spawnSync(newest, args, { stdio: 'inherit' }).status ?? 1);
  }
  const missing = weightsMissing() || (!existsSync(ARCHIVE) && `RESNET50_TEST_MATERIAL has no ${ARCHIVE}`);
  if (missing) fail(missing);
}

/** Unpacks what fits the patterns (part/class/file) into a folder. */
export function unpackCifar(folder, patterns) {
  const unpacked = spawnSync('tar', ['-xJf', ARCHIVE, '-C', folder, '--wildcards', ...patterns], { encoding: 'utf8' });
  if (unpacked.status !== 0) fail(`the archive could not be unpacked: ${unpacked.stderr}`);
}

/** The first `most` unpacked pictures of each class of a part ('train' or 'test'), by class. */
export const picturesOf = (folder, part, most = Number.POSITIVE_INFINITY) =>
  readdirSync(join(folder, part))
    .sort()
    .flatMap((label) =>
      readdirSync(join(folder, part, label))
        .sort()
        .slice(0, most)
        .map((file) => ({ label, image: join(folder, part, label, file) })),
    );
