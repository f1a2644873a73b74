// What the demo page says of a network and of its guesses, without a browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillPage } from '../../demo/fill.mjs';
import { isUnsure, knowledgeOf, titleOf } from '../../demo/page/knowledge.js';
import { PEERS } from '../../demo/page/peers.js';
import { preferred } from '../../demo/page/slow-line.js';
import { createSmoothing } from '../../demo/page/smoothing.js';
import { createTimeLeft } from '../../demo/page/time-left.js';
import { ROOT } from '../support/prepare.mjs';

test('a network of many classes tells their number, one of few names them, accuracy only where it is known', () => {
  const many = { classes: 1000, labels: [], accuracy: { data: 'ImageNet-1K', top1: 80.858 }, bytes: 24.6e6 };
  assert.equal(
    knowledgeOf(many),
    'This network knows 1000 kinds of things. It is right about 80.9% of the test pictures of ImageNet-1K. Download: 25 MB, once.',
  );
  const few = { classes: 2, labels: ['mug', 'cup'], bytes: 12e6 };
  assert.match(
    knowledgeOf(few),
    /^This network knows 2 things only: mug, cup\. .* one of them\. Download: 12 MB, once\.$/,
  );
});

test('a best guess is unsure by the number of classes, and never where scores are no shares', () => {
  const softmax = (classes) => ({ activation: 'softmax', classes });
  assert.deepEqual(
    [0.19, 0.21].map((score) => isUnsure([{ score }], softmax(1000))),
    [true, false],
  );
  assert.deepEqual(
    [0.45, 0.55].map((score) => isUnsure([{ score }], softmax(10))),
    [true, false],
  );
  assert.equal(isUnsure([{ score: 0.1 }], { activation: 'sigmoid', classes: 10 }), false);
  assert.equal(isUnsure([], softmax(10)), false);
  assert.equal(isUnsure([{ score: 0.1 }], null), false);
});

test('smoothing: one odd frame does not change the best guess, a lasting one does', () => {
  const smooth = createSmoothing();
  const frame = (label) => [{ index: label === 'cat' ? 0 : 1, label, score: 0.9 }];
  let now = 0;
  const next = (label) => {
    now += 50;
    return smooth(frame(label), now);
  };
  const best = (label) => next(label)[0].label;
  assert.equal(best('cat'), 'cat', 'the first frame counts in full');
  assert.deepEqual([best('dog'), best('cat')], ['cat', 'cat']);
  const seen = Array.from({ length: 12 }, () => best('dog'));
  assert.deepEqual([seen[0], seen.at(-1)], ['cat', 'dog']);
  for (let i = 0; i < 100; i++) next('dog');
  assert.deepEqual(
    next('dog').map(({ label }) => label),
    ['dog'],
    'what is no longer seen is forgotten',
  );
});

test('the small download of a network is taken on slow lines only, and called what it stands for', () => {
  const large = { name: 'A', classes: 3 };
  const small = { name: 'B', classes: 3, smallOf: 'A' };
  const taken = (line, networks = [large, small]) => preferred(networks, line).name;
  assert.deepEqual(
    [undefined, {}, { effectiveType: '4g' }, { effectiveType: '3g' }, { saveData: true }].map((line) => taken(line)),
    ['A', 'A', 'A', 'B', 'B'],
  );
  assert.equal(taken({ saveData: true }, [large]), 'A');
  assert.equal(titleOf(small), 'A: 3 kinds of things, small download');
});

test('the time left: by the last seconds, and not before there were some', () => {
  const left = createTimeLeft();
  assert.equal(left(0, 100, 0), undefined);
  assert.equal(left(10, 100, 1000), undefined, 'too early');
  assert.equal(left(20, 100, 2000), 8);
  for (let now = 3000; now <= 9000; now += 1000) left(20 + (now - 2000) / 200, 100, now);
  assert.equal(Math.round(left(60, 100, 10_000)), 8, 'the line is half as fast since');
});

test('the figures of other runtimes are those of the README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const rows = readme.split('\n').map((line) => line.split('|').map((cell) => cell.replaceAll('*', '').trim()));
  for (const [what, ...times] of PEERS.rows) {
    const row = rows.find(([, first]) => first?.replace(/ \(.*/, '') === what);
    assert.deepEqual(row?.slice(2, 5), times.map(String), what);
  }
  for (const runtime of PEERS.runtimes.slice(1)) assert.ok(readme.includes(`| ${runtime} |`), runtime);
  for (const word of [PEERS.date, 'idle Xeon with two processors', 'Chromium 156'])
    assert.ok(readme.includes(word), word);
});

test('the page is filled before its scripts run, with labels as text', () => {
  const page = readFileSync(join(ROOT, 'demo', 'page', 'index.html'), 'utf8');
  const network = {
    name: 'A',
    classes: 1,
    labels: ['<b>'],
    bytes: 1e6,
    samples: [{ file: 'a b.jpg', what: 'An "a".' }],
  };
  const one = fillPage(page, [network]);
  assert.match(one, /class="variants" hidden/);
  assert.match(one, /only: &#60;b&#62;\./);
  assert.match(one, /src="samples\/a%20b\.jpg" alt="An &#34;a&#34;\."/);
  const two = fillPage(page, [{ ...network, samples: [] }, network]);
  assert.match(two, /class="variants">[\s\S]*<option value="1">A: 1 kinds of things<\/option>/);
  assert.match(two, /<div hidden id="samples"/);
  const guesses = [{ index: 0, label: '<b>', score: 0.5 }];
  const first = { file: 'a b.jpg', what: 'An "a".', guesses, info: { activation: 'softmax', classes: 1 } };
  const begun = fillPage(page, [{ ...network, first }]);
  assert.match(begun, /<img id="photo-image" src="samples\/a%20b\.jpg" alt="An &#34;a&#34;\."/);
  assert.match(begun, />&#60;b&#62;<\/button> <span class="share">50\.0%</);
  assert.match(begun, /class="photo" data-state="picture"/);
  assert.throws(() => fillPage('<p></p>', [network]), /the page has no/);
});
