// The programs of examples/ that run in Node.js beside servers: each in a folder of its own, with what its package.json
// names, and the packed package as a user gets it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { folderOnPath } from '../../scripts/lib.mjs';
import { installPackage, installTools, ROOT } from './prepare.mjs';
import { until } from './wait.mjs';

const PINNED = join(ROOT, 'tests', 'node', 'examples');

/** The reason to skip what needs a program of the system, or false. CI installs it (scripts/test.mjs) and does without nothing. */
export function programMissing(name) {
  if (folderOnPath(name) !== undefined) return false;
  if (process.env.CI) throw new Error(`required in CI: ${name} is not installed`);
  return `${name} is not installed`;
}

/** Puts an example and what it depends on into `folder`, as `npm install` would; checks that those versions are the tested ones. */
export async function installExample(name, folder) {
  const [tools, { project }] = await Promise.all([installTools('examples', PINNED), installPackage()]);
  const source = join(ROOT, 'examples', name);
  await cp(source, folder, { recursive: true, filter: (from) => !from.includes('node_modules') });
  const { dependencies } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const { devDependencies } = JSON.parse(await readFile(join(PINNED, 'package.json'), 'utf8'));
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  for (const [dependency, wanted] of Object.entries(dependencies)) {
    const ours = dependency === 'resnet50-wasm';
    assert.equal(wanted, ours ? `^${version}` : devDependencies[dependency], `examples/${name}: ${dependency}`);
    const link = join(folder, 'node_modules', dependency);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ours ? project : tools, 'node_modules', dependency), link, 'dir');
  }
}

/**
 * Starts a program. `said()` is all of its output so far; `ended` resolves to its exit status or signal.
 * @param {(end: () => void) => void} atEnd is given what kills it
 */
export function startProgram(atEnd, command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([status, signal]) => status ?? signal);
  atEnd(() => child.kill('SIGKILL'));
  return { child, ended, said: () => output };
}

/** autocannon. */
export async function loader() {
  const folder = join(await installTools('examples', PINNED), 'node_modules', 'autocannon');
  return createRequire(import.meta.url)(folder);
}

/**
 * examples/server at work in `folder`, on a port of its own; resolves when it listens.
 * @param {(end: () => void) => void} atEnd is given what kills it
 */
export async function serveExample(atEnd, folder, settings) {
  await installExample('server', folder);
  const env = { ...process.env, ...settings };
  const program = startProgram(atEnd, process.execPath, ['server.mjs'], { cwd: folder, env });
  const heard = () => /^(http:\S+): (\d+) networks, at most (\d+)/m.exec(program.said());
  const ended = program.ended.then((status) => {
    throw new Error(`the server ended with ${status}: ${program.said()}`);
  });
  ended.catch(() => undefined);
  const listens = until(heard, { what: 'the server listens', timeout: 120_000 });
  const [, origin, jobs, most] = await Promise.race([listens, ended]);
  return { ...program, origin, jobs: Number(jobs), most: Number(most) };
}
