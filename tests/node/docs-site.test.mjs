// `npm run docs` makes a site whose links and files are all there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { before, describe, test } from 'node:test';
import { ROOT } from './helpers.mjs';

const SITE = join(ROOT, 'build', 'docs-site');
const BASE = '/some/where/';

describe('the site of the documents', () => {
  let files;

  before(
    () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/docs.mjs', '--base', BASE], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      assert.equal(status, 0, stdout + stderr);
      files = readdirSync(SITE, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(SITE, join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'));
    },
    { timeout: 600_000 },
  );

  const pages = () => files.filter((file) => file.endsWith('.html') && !file.startsWith('demo/'));
  const textOf = (file) => readFileSync(join(SITE, file), 'utf8');

  test('it has the documents, the reference and the demo', () => {
    const wanted = [
      'index.html',
      'docs/index.html',
      'docs/getting-started.html',
      'reference/index.html',
      'SECURITY.html',
    ];
    wanted.push('demo/index.html', 'demo/isolation-worker.js', 'demo/weights/CIFAR10_DEMO/manifest.json');
    assert.deepEqual(
      wanted.filter((file) => !files.includes(file)),
      [],
    );
    assert.ok(
      files.some((file) => /localSearchIndex/.test(file)),
      'there is no search index',
    );
    const reference = pages().filter((file) => file.startsWith('reference/'));
    assert.ok(reference.length > 30, `${reference.length} pages of reference`);
  });

  test('every link and file that its pages name is there', () => {
    const missing = new Set();
    for (const page of pages()) {
      for (const [, address] of textOf(page).matchAll(/(?:href|src|srcset)="([^"#?]+)/g)) {
        if (/^(https?|data|mailto):/.test(address)) continue;
        const path = address.startsWith(BASE) ? address.slice(BASE.length) : join(dirname(page), address);
        const file = path === '' || path.endsWith('/') ? join(path, 'index.html') : path;
        if (!existsSync(join(SITE, file))) missing.add(`${page}: ${address}`);
      }
    }
    assert.deepEqual([...missing], []);
  });
});
