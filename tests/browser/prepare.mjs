// What the browser tests share and what takes time, made once: the package packed and installed as a user gets it, the
// bundlers and runtimes. Each is kept under build/ and made anew only when its inputs change.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testWeights, weightsMissing } from '../test-weights.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = join(ROOT, 'build');

const noWeights = weightsMissing();
if (noWeights && process.env.CI) throw new Error(`required in CI: ${noWeights}`);
/** Folder of the test variants; undefined where there are none. */
const weightsFolder = noWeights ? undefined : dirname(await testWeights());

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
  const key = hashOf(
    folderHash(join(ROOT, 'dist')),
    folderHash(join(ROOT, 'weights')),
    readFileSync(join(ROOT, 'package.json')),
  );
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
  const project = installedPackage();
  return {
    project,
    packageFolder: join(project, 'node_modules', 'resnet50-wasm'),
    weightsFolder,
    noWeights,
    pictures: join(ROOT, 'tests', 'data', 'pictures'),
  };
}
