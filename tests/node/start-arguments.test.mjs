// What `npm start` makes of its arguments before it hands them to `classify`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FLAGS, picturesAmong } from '../../scripts/start-arguments.mjs';

const CLI = join(fileURLToPath(new URL('../../', import.meta.url)), 'dist', 'cli.js');

test('npm start tells pictures from the values of options', () => {
  const pictures = (line) => picturesAmong(line.split(' ').filter(Boolean));
  assert.deepEqual(pictures(''), []);
  assert.deepEqual(pictures('--weights IMAGENET1K_V2'), []);
  assert.deepEqual(pictures('-w CIFAR10_DEMO --top-k=3 --json'), []);
  assert.deepEqual(pictures('a.jpg --json b.png -k 2 c.bmp'), ['a.jpg', 'b.png', 'c.bmp']);
  assert.deepEqual(pictures('--threads=1 -'), ['-']);
  assert.deepEqual(pictures('--top-k 1 -- -odd.jpg'), ['-odd.jpg']);
});

test('npm start knows which options of classify take no value', () => {
  const help = execFileSync(process.execPath, [CLI, 'classify', '--help'], { encoding: 'utf8' });
  const flags = [...help.matchAll(/^ {2}(?: {4}|-\w, )(--[a-z-]+)(?= {2,})/gm)].map(([, name]) => name);
  assert.deepEqual(flags.sort(), FLAGS.filter((name) => !['-h', '-r'].includes(name)).sort());
});
