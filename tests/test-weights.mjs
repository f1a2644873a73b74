// The real checkpoint of the test material as weights that `load` takes, converted once for all tests of a build: into
// build/test-weights/NAME, both precisions, calibrated on every second of the 300 photos, torchvision's V1 transforms. Run as a program
// it makes `pqf`. RESNET50_TEST_WEIGHTS names a folder of variants that were made before.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** The folder of the test material, or an empty text. */
export const MATERIAL = process.env.RESNET50_TEST_MATERIAL ? resolve(process.env.RESNET50_TEST_MATERIAL) : '';
const CHECKPOINTS = { pqf: 'resnet50-pqf-large-7218.pth.xz', ktb: 'resnet50-ktb-large-6821.pth.xz' };
const archiveOf = (name) => join(MATERIAL, 'checkpoints', CHECKPOINTS[name]);

/** The reason to skip a test on real weights, or false where they can be had. */
export function weightsMissing(name = 'pqf') {
  if (process.env.RESNET50_TEST_WEIGHTS && existsSync(join(process.env.RESNET50_TEST_WEIGHTS, name, 'manifest.json')))
    return false;
  if (!existsSync(join(ROOT, 'dist', 'wasm', 'resnet50-convert-simd-threads.mjs')))
    return 'dist/wasm/resnet50-convert-simd-threads.mjs is not built';
  return !existsSync(archiveOf(name)) && `RESNET50_TEST_MATERIAL has no checkpoints/${CHECKPOINTS[name]}`;
}

/** Runs the package's command; rejects with what it said where it fails. */
export function resnet50(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('close', (status) => (status === 0 ? resolve() : reject(new Error(said))));
  });
}

/** Unpacks the checkpoint to a path. */
export async function unpackCheckpoint(path, name = 'pqf') {
  const xz = spawn('xz', ['-dc', archiveOf(name)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await pipeline(xz.stdout, createWriteStream(path));
}

/** What the converted bytes depend on. */
function fingerprint() {
  const dist = join(ROOT, 'dist');
  const hash = createHash('sha256').update(readFileSync(join(dist, 'wasm', 'resnet50-convert-simd-threads.wasm')));
  for (const file of readdirSync(dist)
    .filter((file) => file.endsWith('.js'))
    .sort())
    hash.update(readFileSync(join(dist, file)));
  return hash.digest('hex');
}

const PHOTOS = join(MATERIAL, 'images', 'imagenet-300');

/** The labeled photos, and whether each took part in the calibration of the test weights. */
export function labeledPhotos() {
  const entries = JSON.parse(readFileSync(join(PHOTOS, 'labels.json'), 'utf8'));
  return entries.map(({ file, class: label }, i) => ({
    file,
    path: join(PHOTOS, file),
    label,
    calibrated: i % 2 === 0,
  }));
}

/** A folder of links to the photos for calibration. */
export async function calibrationPhotos(base) {
  const folder = join(base, 'calibration');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { file, path, calibrated } of labeledPhotos()) if (calibrated) await symlink(path, join(folder, file));
  return folder;
}

/** Whether the lock is ours now: a file with the holder's process number. That of a process that was killed is removed. */
async function take(lock) {
  try {
    await writeFile(lock, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (holder > 0 && !isRunning(holder)) await rm(lock, { force: true });
  return false;
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The folder of the converted weights. Tests in several processes may ask at once; one of them converts. */
export async function testWeights(name = 'pqf') {
  const given = process.env.RESNET50_TEST_WEIGHTS;
  if (given && existsSync(join(given, name, 'manifest.json'))) return join(given, name);
  const base = join(ROOT, 'build', 'test-weights');
  const [folder, stamp, lock] = [join(base, name), join(base, `.${name}`), join(base, `.${name}.lock`)];
  const wanted = fingerprint();
  const current = () =>
    existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(folder, 'manifest.json'));
  await mkdir(base, { recursive: true });
  while (!current()) {
    if (!(await take(lock))) {
      await sleep(200);
      continue;
    }
    try {
      const checkpoint = join(base, `${name}.pth`);
      await unpackCheckpoint(checkpoint, name);
      const args = ['--name', name, '--out', folder, '--resize', '256', '--precision', 'both'];
      await resnet50(['convert', checkpoint, ...args, '--calibrate', await calibrationPhotos(base)]);
      await rm(checkpoint);
      await writeFile(stamp, wanted);
    } finally {
      await rm(lock, { force: true });
    }
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.error(`test: weights in ${await testWeights()}`);
