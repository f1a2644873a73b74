// What package.json and the tarball promise each other. Others' checkers look at it in tests/browser/runtimes.test.mjs.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { installPackage } from '../support/prepare.mjs';

const LIMIT = { timeout: 300_000 };

describe('the packed package', () => {
  let folder;

  before(async () => {
    const { project } = await installPackage();
    folder = join(project, 'node_modules', 'resnet50-wasm');
  }, LIMIT);

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
