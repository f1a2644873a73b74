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
