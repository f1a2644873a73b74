// What the documents name is there: files and folders of the repository, links, and headings that links point to.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './helpers.mjs';

const markdownIn = (folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const documents = ['.', 'docs', 'weights', 'bench'].flatMap(markdownIn);
const textOf = (file) => readFileSync(join(ROOT, file), 'utf8');

/** GitHub's anchor of a heading. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsIn = (file) => Array.from(textOf(file).matchAll(/^#+ (.+)$/gm), ([, heading]) => anchorOf(heading));

/** Names with a part to be filled in, such as tests/cpp/ROOM_test.cc, and patterns. */
const isPattern = (path) => /[A-Z]{4,}(?!\w*DEMO)|[*{]/.test(path.replace(/CIFAR10_DEMO/g, ''));

/** Not there before a fuzzer finds something. */
const LATER = ['tests/data/fuzz', 'tests/data/fuzz/'];

for (const file of documents) {
  test(`${file}: the files that it names exist`, () => {
    const folders = 'bench|cmake|demo|docs|scripts|src|tests|web|weights';
    const named = new RegExp(`(?<![\\w./@-])(?:${folders})/[\\w./*{}-]*[\\w*}/]`, 'g');
    const prose = textOf(file).replace(/^```sh\n[\s\S]*?^```/gm, '');
    const paths = Array.from(prose.matchAll(named), ([path]) => path).filter((path) => !isPattern(path));
    const missing = paths.filter((path) => !existsSync(join(ROOT, path)) && !LATER.includes(path));
    assert.deepEqual([...new Set(missing)], []);
  });

  test(`${file}: its links lead somewhere`, () => {
    const links = Array.from(textOf(file).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link);
    for (const link of links.filter((target) => !/^https?:/.test(target))) {
      const [path, anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      assert.ok(existsSync(join(ROOT, target)), `${link}: there is no ${target}`);
      if (anchor) assert.ok(anchorsIn(target).includes(anchor), `${link}: ${target} has no such heading`);
    }
  });
}

/** The rows of the table below a heading, as lists of cells. */
const rowsBelow = (text, heading) =>
  (text.split(`\n## ${heading}\n`)[1] ?? '')
    .split('\n## ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) => line.slice(2, -2).split(' | '));

/** How a test's name stands in its file: `Suite.Name` in C++. */
const inSource = (file, name) => (file.endsWith('.cc') ? `TEST(${name.replace('.', ', ')})` : name);

test('SECURITY.md: each promise names tests, and they are there', () => {
  const rows = rowsBelow(textOf('SECURITY.md'), 'What is guaranteed');
  assert.ok(rows.length >= 20, `${rows.length} promises`);
  for (const [from, cannot, because, tests = '', ...more] of rows) {
    const promise = `${from} cannot ${cannot}`;
    assert.ok(because && more.length === 0, promise);
    const named = Array.from(tests.matchAll(/`(tests\/[\w./-]+)` \*([^*]+)\*(?:; |$)/g));
    assert.equal(named.map(([whole]) => whole).join(''), tests, `${promise}: its tests are not written as the others`);
    assert.ok(named.length > 0, `${promise}: no test`);
    for (const [, file, name] of named) {
      const unescaped = textOf(file).replaceAll("\\'", "'");
      assert.ok(unescaped.includes(inSource(file, name)), `${promise}: ${file} has no test '${name}'`);
    }
  }
});

test('docs/errors.md has every error code once, with a cause and a remedy', () => {
  const codes = Array.from(textOf('web/base/errors.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm), ([, code]) => code);
  const rows = Array.from(textOf('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \| (.{10,}) \| (.{5,}) \|$/gm));
  assert.ok(codes.length > 25, `${codes.length} codes in web/base/errors.ts`);
  assert.deepEqual(rows.map(([, code]) => code).sort(), codes.sort());
});

test('docs/README.md leads to every document', () => {
  const linked = Array.from(textOf('docs/README.md').matchAll(/\]\(([^)#]+)/g), ([, path]) => join('docs', path));
  const own = documents.filter((file) => file.startsWith(join('docs', '')) && file !== join('docs', 'README.md'));
  assert.deepEqual(
    own.filter((file) => !linked.includes(file)),
    [],
  );
});

test('README.md fits on a few screens', () => {
  const lines = textOf('README.md').trimEnd().split('\n').length;
  assert.ok(lines <= 130, `${lines} lines`);
});
