// Writes the section "Odd files beside browsers" of docs/decoder-table.md: what the package in a page makes of the odd files of
// compare_odd_files.py, beside the <img> of Chromium, Firefox and WebKit. tests/browser/odd-files.test.mjs asserts the same.
//   node tests/tools/odd-files-in-browsers.mjs --write
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BROWSERS } from '../support/browsers.mjs';
import { DECLARED, figures, JPEG_LIMIT, makeOddFiles, oddFilesIn } from '../support/odd-files.mjs';
import { ROOT } from '../support/prepare.mjs';

const HEADING = '## Odd files beside browsers';
const ROWS = [
  ['files', 'files'],
  ['shown', 'shown by `<img>`'],
  ['shownAndTaken', '… and taken, as element, address and Blob'],
  ['takenOnly', 'taken, although `<img>` paints nothing'],
  ['neither', 'neither shown nor taken'],
  ['exact', 'same picture after preprocessing: exact'],
  ['close', `… close: mean difference at most ${JPEG_LIMIT} level of 255`],
  ['declared', '… declared (below)'],
  ['deviates', '… deviates'],
];

function section(counted) {
  const count = (value) => (Array.isArray(value) ? value.length : value);
  const browsers = Object.keys(counted);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const declared = Object.entries(DECLARED).map(([file, reason]) => {
    const where = browsers.filter((name) => counted[name].declared.includes(file));
    return line([file, where.join(', '), reason]);
  });
  return [
    HEADING,
    '',
    "The same files in a page, beside the browser's own `<img>`: whatever an `<img>` shows is taken. Files that lack only their end",
    'have a size in WebKit, but it paints nothing. Pictures are compared after preprocessing, from the file and from a canvas on',
    'which the browser drew it; what is too large for a canvas is not compared. Made by',
    '',
    '```sh',
    'node tests/tools/odd-files-in-browsers.mjs --write',
    '```',
    '',
    line(['', ...browsers]),
    line(['---', ...browsers.map(() => '---')]),
    ...ROWS.map(([key, title]) => line([title, ...browsers.map((name) => count(counted[name][key]))])),
    '',
    line(['declared', 'in', 'reason']),
    line(['---', '---', '---']),
    ...declared,
    '',
  ].join('\n');
}

// As a test, so that the shared browsers are closed behind it.
test('odd files in browsers', async () => {
  const made = makeOddFiles();
  if (made.missing) throw new Error(made.missing);
  const counted = {};
  for (const name of BROWSERS) counted[name] = figures(await oddFilesIn(name, made));
  made.remove();
  const text = section(counted);
  if (!process.argv.includes('--write')) return console.log(text);
  const path = join(ROOT, 'docs', 'decoder-table.md');
  const [before] = readFileSync(path, 'utf8').split(`\n${HEADING}`);
  writeFileSync(path, `${before.trimEnd()}\n\n${text}`);
});
