// What the benchmarks share: folders, the toolchain's build, statistics. Knows no engine.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { configureWasm, ninja, WASM_FOLDER } from '../scripts/compile.mjs';
import { newestNode as newestNodeFor, root } from '../scripts/lib.mjs';

export { root };
export const work = join(root, 'build', 'bench');
export const noVnni = '--no-enable-avx-vnni'; // V8's flag: as on a processor without these instructions

/** The Node.js that benchmarks run in. */
export const newestNode = () => newestNodeFor('bench');

/** The processor: its name, which clouds shorten, its family and model, and what V8 makes of the relaxed dot product on it. */
export async function processor() {
  const info = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const field = (name) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1];
  const family = field('cpu family');
  const numbers = family === undefined ? '' : ` (family ${family}, model ${field('model')})`;
  const limits = JSON.stringify(pathToFileURL(join(root, 'bench', 'limits.mjs')).href);
  const probe = `import { relaxedDot } from ${limits}; console.log(relaxedDot());`;
  const dot = run(await newestNode(), ['--input-type=module', '-e', probe]).trim();
  return `${cpus()[0].model}${numbers}, relaxed dot: ${dot}`;
}

export class BenchError extends Error {}

/** Runs a command to its end; its output is shown only where it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.status === 0) return result.stdout;
  throw new BenchError(
    `'${command} ${args.join(' ')}' failed: ${result.error ?? `${result.stdout ?? ''}${result.stderr ?? ''}`}`,
  );
}

/** Builds a flavor and its profiling module; resolves to the module's path. */
export async function buildProfile(flavor) {
  run(process.execPath, [join(root, 'scripts', 'build.mjs'), flavor], { stdio: ['ignore', 'pipe', 'inherit'] });
  const env = await configureWasm('bench');
  await ninja('bench', WASM_FOLDER, [`resnet50-${flavor}-profile`], { env });
  return join(root, WASM_FOLDER, 'src', 'bindings', `resnet50-${flavor}-profile.mjs`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const lowest = (values) => Math.min(...values);

/** A map from key to the items that have it, in order. */
export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Lines of a table without its empty columns: the first column left, the others right, a last one without a head free. */
export function tableLines(rows) {
  const text = rows.map((row) => rows[0].map((_, i) => String(row[i] ?? '')));
  const isUsed = rows[0].map((_, i) => text.slice(1).some((row) => row[i] !== ''));
  const used = text.map((row) => row.filter((_, i) => isUsed[i]));
  const isFree = (i) => i === used[0].length - 1 && used[0][i] === '';
  const widths = used[0].map((_, i) => (isFree(i) ? 0 : Math.max(...used.map((row) => row[i].length))));
  const cell = (value, i) => (i === 0 || isFree(i) ? value.padEnd(widths[i]) : value.padStart(widths[i]));
  return used.map((row) => row.map(cell).join('  ').trimEnd());
}
