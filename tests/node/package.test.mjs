// What package.json and the tarball promise each other. Others' checkers look at it in tests/browser/runtimes.test.mjs.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { installPackage } from '../support/prepare.mjs';
import { run, scratch } from './helpers.mjs';

const LIMIT = { timeout: 300_000 };
/** In the repository only. */
const ELSEWHERE =
  /^(?:(?:web|src|tests|bench|demo|scripts|weights|docs\/images|examples\/[^/]+)(?:\/|$)|CONTRIBUTING\.md)/;

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

  test('links of its documentation lead to its own pages; only sources, pictures and what contributors need lie elsewhere', () => {
    const pages = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md'));
    assert.ok(pages.length > 20, pages.join());
    const dead = pages.flatMap((page) =>
      [...readFileSync(join(folder, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, link]) => join(dirname(page), link))
        .filter((link) => !existsSync(join(folder, link)))
        .filter((link) => !ELSEWHERE.test(link)),
    );
    assert.deepEqual(dead, []);
  });

  test('a global installation has its manual page where man looks', {
    ...LIMIT,
    skip: process.platform === 'win32',
  }, async (t) => {
    const { tarball } = await installPackage();
    const prefix = await scratch(t);
    const { status, stderr } = await run('npm', [
      'install',
      '--global',
      '--prefix',
      prefix,
      '--no-audit',
      '--no-fund',
      tarball,
    ]);
    assert.equal(status, 0, stderr);
    assert.ok(existsSync(join(prefix, 'share', 'man', 'man1', 'resnet50-wasm.1')));
  });
});
