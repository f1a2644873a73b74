// The tarball as others' checkers see it, and what package.json and the tarball promise each other.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { installPackage, installTools } from '../support/prepare.mjs';
import { ROOT } from './helpers.mjs';

const LIMIT = { timeout: 300_000 };

describe('the packed package', () => {
  let tarball;
  let folder;
  let tools;

  before(async () => {
    const [installed, checkers] = await Promise.all([
      installPackage(),
      installTools('package-checks', join(ROOT, 'tests', 'package-checks')),
    ]);
    ({ tarball } = installed);
    folder = join(installed.project, 'node_modules', 'resnet50-wasm');
    tools = join(checkers, 'node_modules', '.bin');
  }, LIMIT);

  const check = (name, ...args) => {
    const { status, stdout, stderr } = spawnSync(join(tools, name), args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  };

  test('publint has nothing to say', LIMIT, () => check('publint', 'run', tarball, '--strict'));

  // `static` and `isolation` are for browsers and edge runtimes, which have no `require`. `isolation-worker.js` is a file to
  // copy, not a module to import.
  test('are-the-types-wrong has nothing to say', LIMIT, () =>
    check('attw', tarball, '--ignore-rules', 'cjs-resolves-to-esm', '--exclude-entrypoints', './isolation-worker.js'),
  );

  test('it has every file that package.json names, and the documents that are needed offline', () => {
    const { exports, main, types, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const leaves = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves));
    const named = [main, types, ...leaves(bin), ...leaves(exports)].filter((path) => !path.includes('*'));
    const documents = [
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      'SECURITY.md',
      'docs/getting-started.md',
      'docs/trust.md',
    ];
    const missing = [...named, ...documents].filter((path) => !existsSync(join(folder, path)));
    assert.deepEqual(missing, []);
  });
});
