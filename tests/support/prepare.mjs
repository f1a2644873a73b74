// What the browser tests need that takes time: weights, the package packed and installed as a user gets it, bundlers and
// runtimes. All are made side by side, kept under build/, and made anew only when their inputs change.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testWeights, weightsMissing } from '../test-weights.mjs';

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

function npm(cwd, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', [...args, '--silent'], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`npm ${args.join(' ')} ended with ${status} (see above)`)),
    );
  });
}

/** Makes `folder` by `make(temporary)` unless it was made from the same inputs, here or by a test that runs beside this one. */
async function once(folder, key, make) {
  const stamp = join(folder, '.made-from');
  const isMade = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === key;
  if (isMade()) return folder;
  const temporary = `${folder}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  await make(temporary);
  writeFileSync(join(temporary, '.made-from'), key);
  if (isMade()) rmSync(temporary, { recursive: true, force: true });
  else {
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  }
  return folder;
}

/** The tarball of `npm pack`; resolves to its path. */
async function pack() {
  const inputs = [folderHash(join(ROOT, 'dist')), folderHash(join(ROOT, 'weights'))];
  const documents = ['README.md', 'CHANGELOG.md', 'SECURITY.md'].map((file) => readFileSync(join(ROOT, file)));
  const key = hashOf(...inputs, folderHash(join(ROOT, 'docs')), ...documents, readFileSync(join(ROOT, 'package.json')));
  const folder = await once(join(BUILD, 'tests-pack'), key, (temporary) =>
    npm(ROOT, 'pack', '--pack-destination', temporary),
  );
  const name = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  return join(folder, name);
}

/** The tarball, and a project with nothing but the package installed from it. */
export async function installPackage() {
  const tarball = await pack();
  const project = await once(join(BUILD, 'tests-project'), hashOf(readFileSync(tarball)), (temporary) => {
    writeFileSync(join(temporary, 'package.json'), '{ "name": "project", "private": true, "type": "module" }');
    return npm(temporary, 'install', '--no-audit', '--no-fund', '--no-save', tarball);
  });
  return { tarball, project };
}

/** The pinned tools of package-lock.json in `source`, installed; their folder. Nothing of theirs is run by npm. */
export function installTools(name, source = join(ROOT, 'tests', 'browser', name)) {
  const lock = readFileSync(join(source, 'package-lock.json'));
  return once(join(BUILD, `tests-${name}`), hashOf(lock), (temporary) => {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(temporary, file));
    return npm(temporary, 'ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline');
  });
}

/** The folder of the test variants, or why there is none. */
async function findWeights() {
  const noWeights = weightsMissing();
  if (noWeights && process.env.CI) throw new Error(`required in CI: ${noWeights}`);
  return noWeights ? { noWeights } : { noWeights, weightsFolder: dirname(await testWeights()) };
}

/** Waits for what is being made, and says so every few seconds. */
async function reported(what, making) {
  const begun = performance.now();
  const seconds = () => `${Math.round((performance.now() - begun) / 1000)} s`;
  const timer = setInterval(() => console.error(`test: preparing ${what}: ${seconds()} so far`), 5000);
  try {
    return await making;
  } finally {
    clearInterval(timer);
    if (performance.now() - begun > 1000) console.error(`test: prepared ${what} in ${seconds()}`);
  }
}

/**
 * Makes what is missing.
 * @param {string[]} [names] the tools to install: 'bundlers', 'runtimes', 'servers'
 * @returns paths, and the reason to skip what needs weights
 */
export async function prepare(names = []) {
  const [weights, installed, ...folders] = await Promise.all([
    reported('the test weights', findWeights()),
    reported('the packed and installed package', installPackage()),
    ...names.map((name) => reported(`the ${name}`, installTools(name))),
  ]);
  const tools = Object.fromEntries(names.map((name, i) => [name, folders[i]]));
  const packageFolder = join(installed.project, 'node_modules', 'resnet50-wasm');
  return { ...weights, ...installed, packageFolder, pictures: join(ROOT, 'tests', 'data', 'pictures'), tools };
}
