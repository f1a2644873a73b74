// What the browser tests share and what takes time, made once: the package packed and installed as a user gets it, the
// test weights, the bundlers and runtimes. Each is kept under build/ and made anew only when its inputs change.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = join(ROOT, 'build');

const hashOf = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
};

function folderHash(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
  return hashOf(...paths.flatMap((path) => [path, readFileSync(path)]));
}

/** Makes `folder` by `make(temporary)` unless it was made from the same inputs. */
function once(folder, key, make) {
  const stamp = join(folder, '.made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return folder;
  const temporary = `${folder}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  make(temporary);
  writeFileSync(join(temporary, '.made-from'), key);
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
  return folder;
}

/** The tarball of `npm pack`; resolves to its path. */
export function packedTarball() {
  const key = hashOf(folderHash(join(ROOT, 'dist')), readFileSync(join(ROOT, 'package.json')));
  const folder = once(join(BUILD, 'tests-pack'), key, (temporary) => {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', temporary], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
}

/** A project with nothing but the installed package; its folder. */
export function installedPackage() {
  const tarball = packedTarball();
  return once(join(BUILD, 'tests-project'), hashOf(readFileSync(tarball)), (temporary) => {
    writeFileSync(join(temporary, 'package.json'), '{ "name": "project", "private": true, "type": "module" }');
    execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--no-save', tarball], {
      cwd: temporary,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
}

/**
 * The folder of the test variant `pqf` (int8 and f32), or the reason why there is none. It comes from
 * RESNET50_TEST_WEIGHTS (a folder of variants), else from the checkpoint under RESNET50_TEST_MATERIAL.
 * @returns {{ folder: string } | { missing: string }}
 */
export function testWeights() {
  const given = process.env.RESNET50_TEST_WEIGHTS;
  if (given) {
    if (existsSync(join(given, 'pqf', 'manifest.json'))) return { folder: given };
    throw new Error(`RESNET50_TEST_WEIGHTS=${given} has no pqf/manifest.json`);
  }
  const archive = join(process.env.RESNET50_TEST_MATERIAL ?? '', 'checkpoints', 'resnet50-pqf-large-7218.pth.xz');
  if (!existsSync(archive)) {
    if (process.env.CI) throw new Error(`${archive} is required in CI: set RESNET50_TEST_MATERIAL`);
    return { missing: `neither RESNET50_TEST_WEIGHTS nor ${archive} is there` };
  }
  const converter = ['resnet50-convert.wasm', 'resnet50-convert.mjs'].map((n) =>
    readFileSync(join(ROOT, 'dist', 'wasm', n)),
  );
  const folder = once(join(BUILD, 'tests-weights'), hashOf(archive, ...converter), (temporary) => {
    const checkpoint = join(temporary, 'pqf.pth');
    const unpacked = spawnSync('sh', ['-c', 'xz -dc "$0" > "$1"', archive, checkpoint], { stdio: 'inherit' });
    if (unpacked.status !== 0) throw new Error(`${archive} could not be unpacked: is xz installed?`);
    const settings = ['--name', 'pqf', '--precision', 'both', '--resize', '256', '--calibration-images', '8'];
    execFileSync(
      process.execPath,
      [join(ROOT, 'dist', 'cli.js'), 'convert', checkpoint, ...settings, '--out', join(temporary, 'pqf')],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    rmSync(checkpoint);
  });
  return { folder };
}

/** The pinned tools of tests/browser/NAME/package-lock.json, installed; their folder. Nothing of theirs is run by npm. */
export function installedTools(name) {
  const source = join(ROOT, 'tests', 'browser', name);
  const lock = readFileSync(join(source, 'package-lock.json'));
  return once(join(BUILD, `tests-${name}`), hashOf(lock), (temporary) => {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(temporary, file));
    execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: temporary,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
}

/** What tests/browser/run.mjs prepared, for one test file: paths, and the reason to skip what needs weights. */
export function prepared() {
  const weights = testWeights();
  const project = installedPackage();
  return {
    project,
    packageFolder: join(project, 'node_modules', 'resnet50-wasm'),
    weightsFolder: weights.folder,
    noWeights: weights.missing ?? false,
    pictures: join(ROOT, 'tests', 'data', 'pictures'),
  };
}
