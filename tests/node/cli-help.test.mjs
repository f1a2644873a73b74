// What the command line says of itself: help, completions and the manual page, all of the tables that it parses.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ROOT, run } from './helpers.mjs';

const CLI = join(ROOT, 'dist', 'cli.js');
const cli = (...args) => execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
const optionsIn = (help) => [...help.matchAll(/^ {2}(?: {4}|(-\w), )--([a-z0-9-]+)( \S+)?/gm)];

let commands;
let help;
before(() => {
  commands = [...cli('--help').matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
  help = Object.fromEntries(commands.map((name) => [name, cli(name, '--help')]));
});

test('help: every command has examples, and lines that fit a terminal', () => {
  assert.ok(commands.includes('classify') && commands.includes('completion'), commands.join());
  for (const [name, text] of Object.entries(help)) {
    assert.match(text, new RegExp(`^Usage: resnet50-wasm ${name}`));
    assert.match(text, /\n\nExamples:\n {2}# .+\n {2}.*resnet50-wasm /, name);
    const [, examples] = text.split('Examples:');
    for (const line of text.replace(examples, '').split('\n')) assert.ok(line.length <= 90, line);
    for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
  }
  for (const name of ['classify', 'explain', 'embed', 'fit', 'evaluate', 'verify', 'info'])
    assert.match(help[name], /\n\nEnvironment:\n {2}RESNET50_WEIGHTS_DIR /, name);
});

test('help: options of its examples exist', () => {
  for (const text of Object.values(help)) {
    const [, examples] = /\nExamples:\n(.*?)(?:\n\n|$)/s.exec(text);
    for (const [line, name] of examples.matchAll(/^ {2}[^#\n]*resnet50-wasm ([a-z]+) .*$/gm)) {
      const known = [...optionsIn(help[name])].flatMap(([, short, long]) => [`--${long}`, short]);
      for (const [option] of line.replaceAll(/"[^"]*"/g, '').matchAll(/(?<= )--?[a-z][a-z-]*/g)) {
        if (line.indexOf('resnet50-wasm') > line.indexOf(option)) continue; // of another program
        if (line.includes('| man')) continue;
        assert.ok(known.includes(option), `${option} in: ${line}`);
      }
    }
  }
});

const missing = (program) => spawnSync(program, ['--version']).error !== undefined && `${program} is not installed`;

/** What bash offers after some words; the last one is being typed. */
function bash(...words) {
  const script = `source /dev/stdin <<< "$COMPLETION"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _resnet50_wasm; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, COMPLETION: cli('completion', 'bash') };
  const said = execFileSync('bash', ['-c', script, 'bash', 'resnet50-wasm', ...words], { encoding: 'utf8', env });
  return said.split('\n').filter(Boolean);
}

test('completion: bash offers commands, options and values', { skip: missing('bash') }, () => {
  assert.deepEqual(bash(''), [...commands, 'help']);
  assert.deepEqual(bash('cl'), ['classify']);
  assert.deepEqual(bash('help', 'con'), ['convert']);
  assert.deepEqual(bash('classify', '--precision', ''), ['int8', 'f32']);
  assert.deepEqual(bash('weights', 'IMAGENET1K_V'), ['IMAGENET1K_V1', 'IMAGENET1K_V2']);
  assert.deepEqual(bash('fit', '--out', ''), [], 'names of files are for the shell');
  for (const name of commands) {
    const all = optionsIn(help[name]).flatMap(([, short, long]) => [`--${long}`, ...(short ? [short] : [])]);
    assert.deepEqual(bash(name, '-').sort(), all.sort(), name);
  }
});

test('completion: fish offers the same', { skip: missing('fish') }, () => {
  const script = cli('completion', 'fish');
  const fish = (line) =>
    execFileSync('fish', ['--no-config', '-c', 'source (printf %s $SCRIPT | psub); complete -C $LINE'], {
      encoding: 'utf8',
      env: { ...process.env, SCRIPT: script, LINE: line },
    })
      .split('\n')
      .filter(Boolean)
      .map((found) => found.split('\t')[0]);
  assert.deepEqual(fish('resnet50-wasm cla'), ['classify']);
  assert.deepEqual(fish('resnet50-wasm classify --precision ').sort(), ['f32', 'int8']);
  for (const name of ['classify', 'fit', 'convert']) {
    const all = optionsIn(help[name]).map(([, , long]) => `--${long}`);
    assert.deepEqual(fish(`resnet50-wasm ${name} --`).sort(), all.sort(), name);
  }
});

test('completion: zsh reads the script and offers options', { skip: missing('zsh') }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'resnet50-zsh-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, '_resnet50-wasm'), cli('completion', 'zsh'));
  // _arguments is replaced: outside of an interactive line it has nothing to complete.
  const script = `fpath=(${folder} $fpath); autoload -Uz _resnet50-wasm compinit; compinit -D -u
_arguments() { print -l -- "$@" }; _describe() { print -l -- $commands }
words=(resnet50-wasm "$@"); CURRENT=$#words; source ${folder}/_resnet50-wasm; _resnet50_wasm`;
  const zsh = (...words) => execFileSync('zsh', ['-f', '-c', script, 'zsh', ...words], { encoding: 'utf8' });
  assert.match(zsh('cl'), /^classify:labels for pictures$/m);
  const options = zsh('classify', '-');
  for (const [, short, long] of optionsIn(help.classify)) {
    assert.match(options, new RegExp(`${short ? `^\\(--${long} ${short}\\)` : `^--${long}`}`, 'm'));
  }
  assert.match(options, /^--precision\[int8 or f32\]:P:\(int8 f32\)$/m);
});

test('the manual page: is what help says, and man has nothing to complain of', { skip: missing('groff') }, async () => {
  const {
    man: [man],
    bin,
  } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(bin), ['resnet50-wasm']); // npm links manual pages of a list only
  const page = join(ROOT, man);
  assert.equal(readFileSync(page, 'utf8'), cli('manual'));
  const { status, stdout, stderr } = await run('groff', ['-man', '-Tascii', '-P-cbou', '-ww', '-rCHECKSTYLE=3', page]);
  assert.deepEqual([status, stderr], [0, '']);
  for (const name of commands) {
    assert.match(stdout, new RegExp(`^ {3}${name}$`, 'm'));
    for (const [, , long] of optionsIn(help[name]))
      if (long !== 'help') assert.match(stdout, new RegExp(`--${long}\\b`));
  }
  assert.match(stdout, /^ENVIRONMENT$/m);
});
