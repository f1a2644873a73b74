// The package's types in projects as users have them, from the packed tarball: with and without the DOM and Node.js's
// types, declarations of libraries checked, exactOptionalPropertyTypes, several versions of TypeScript, old resolution.
// tests/types/consumers has what must compile and, behind @ts-expect-error, what must not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { installPackage, installTools, ROOT } from '../support/prepare.mjs';

const CONSUMERS = join(ROOT, 'tests', 'types', 'consumers');
const LIMIT = { timeout: 300_000 };

const NODE = { module: 'nodenext', moduleResolution: 'nodenext' };
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' };

/** Kinds of projects: libraries, types of Node.js or none, how modules are found, what they consist of. */
const PROJECTS = {
  'neither the DOM nor Node.js': { lib: ['es2022'], ...NODE, files: ['anywhere.ts'] },
  'Node.js': { lib: ['es2022'], node: true, ...NODE, files: ['anywhere.ts', 'servers.ts'] },
  'Node.js and the DOM': {
    ...{ lib: ['es2022', 'dom'], node: true, ...NODE },
    files: ['anywhere.ts', 'servers.ts', 'pages.ts'],
  },
  CommonJS: { lib: ['es2022'], ...NODE, files: ['commonjs.cts'] },
  'a page, bundled': { lib: ['es2022', 'dom'], ...BUNDLER, files: ['anywhere.ts', 'pages.ts'] },
  'a worker, bundled': { lib: ['es2022', 'webworker'], ...BUNDLER, files: ['anywhere.ts', 'workers.ts'] },
  'await using': { lib: ['es2022', 'esnext.disposable'], ...BUNDLER, files: ['disposal.ts'] },
  'old resolution': { lib: ['es2022'], module: 'commonjs', moduleResolution: 'node10', files: ['anywhere.ts'] },
  'old resolution, unchecked libraries': {
    ...{ lib: ['es2022'], node: true, module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true },
    files: ['anywhere.ts', 'servers.ts'],
  },
};
const ALL = Object.keys(PROJECTS);

/** What is checked by each version. Arrays of numbers have no type of buffer up to 5.6; 7 has no old resolution. */
const MATRIX = {
  '5.0': ['neither the DOM nor Node.js', 'CommonJS', 'a page, bundled', 'old resolution'],
  5.6: ['Node.js', 'a page, bundled', 'await using'],
  5.9: ALL,
  '6.0': ['neither the DOM nor Node.js', 'Node.js and the DOM'],
  '7.0': ALL.filter((name) => !name.startsWith('old')),
};
/** Reads the newest types of Node.js; the others those of Node.js 22. */
const NEWEST = '7.0';

/** A copy of a folder in another's place. */
function replace(from, to) {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

describe('types', { concurrency: 2 }, () => {
  let folder;

  before(async () => {
    const [{ project }, tools] = await Promise.all([
      installPackage(),
      installTools('types', join(ROOT, 'tests', 'types', 'compilers')),
    ]);
    folder = tools;
    replace(join(project, 'node_modules', 'resnet50-wasm'), join(folder, 'node_modules', 'resnet50-wasm'));
    const newest = join(folder, 'newest', 'node_modules', '@types', 'node');
    replace(join(folder, 'node_modules', 'node-types-newest'), newest);
    for (const to of [folder, join(folder, 'newest')]) {
      for (const name of readdirSync(CONSUMERS)) cpSync(join(CONSUMERS, name), join(to, name));
      writeFileSync(join(to, 'package.json'), '{ "private": true, "type": "module" }');
    }
  }, LIMIT);

  /** What tsc says of a project. */
  function complaints(version, name) {
    const { files, node, ...options } = PROJECTS[name];
    const compilerOptions = {
      ...{ types: node ? ['node'] : [], target: 'es2022', noEmit: true, skipLibCheck: false, ...options },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    };
    const cwd = join(folder, version === NEWEST ? 'newest' : '.');
    const config = `${version} ${name}.json`;
    writeFileSync(join(cwd, config), JSON.stringify({ compilerOptions, files }));
    const tsc = join(folder, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [tsc, '--pretty', 'false', '-p', config], { cwd });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
      child.on('close', (status) => resolve(status === 0 ? said : `${said}exit status ${status}`));
    });
  }

  for (const [version, names] of Object.entries(MATRIX)) {
    for (const name of names) {
      test(`TypeScript ${version}: ${name}`, LIMIT, async () => assert.equal(await complaints(version, name), ''));
    }
  }

  test('each declaration file stands alone, and all optional fields take undefined', LIMIT, () => {
    for (const name of ['index.d.ts', 'index.d.cts', 'static.d.ts', 'isolation.d.ts', 'convert.d.ts']) {
      const text = readFileSync(join(folder, 'node_modules', 'resnet50-wasm', 'dist', name), 'utf8');
      assert.doesNotMatch(text, /^import |<reference/m, name);
      const fields = [...text.matchAll(/^\t+\w+\?: ([^{;]+);$/gm)];
      const least = { 'isolation.d.ts': 0, 'convert.d.ts': 25 }[name] ?? 50;
      assert.ok(fields.length >= least, `${name} has ${fields.length} optional fields`);
      assert.deepEqual(
        fields.filter(([, type]) => !/\b(undefined|unknown)$/.test(type)).map(([line]) => line),
        [],
        name,
      );
    }
  });
});
