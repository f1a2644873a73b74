// npm run xnnpack-sources: finds out which of XNNPACK's sources reach a module and writes cmake/xnnpack-sources.txt. Builds
// everything that could be needed (cmake/xnnpack-candidates.cmake) in folders of its own and reads the linkers' maps.
// Run it after XNNPACK's pin, the operators in src/network or the choices in src/kernels have changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configureSanitized, configureWasm, ninja } from './compile.mjs';
import { isProgram, root, say } from './lib.mjs';
import { FLAVORS, modulesOf } from './modules.mjs';

export const LIST = join(root, 'cmake', 'xnnpack-sources.txt');

/** XNNPACK's objects in a linker's map, as names of their sources without folders. */
export function keptByLinker(map) {
  const members = map.matchAll(/libxnnpack\.[\w-]+\.a\(([\w-]+\.(?:c|cc))\.o(?:bj)?\)/g);
  return new Set(Array.from(members, ([, name]) => name));
}

/** Test programs that run networks, which is what needs XNNPACK. */
export const NATIVE_PROGRAMS = [
  'network_test',
  'kernels_test',
  'head_test',
  'checkpoint_test',
  'training_test',
  'quantize_test',
  'inference_test',
  'convert_test',
];

/** GNU ld's maps of these programs: the part that lists what is in the program; before it stands what was discarded. */
export const nativeMaps = (folder) =>
  NATIVE_PROGRAMS.map((program) => readFileSync(join(folder, 'tests', 'cpp', `${program}.map`), 'utf8')).map((map) =>
    map.slice(map.indexOf('Linker script and memory map')),
  );

/** Linker maps of the wasm modules of a flavor, in a build folder. */
export const wasmMaps = (folder, flavor) =>
  modulesOf(flavor).map((module) => readFileSync(join(folder, 'src', 'bindings', `${module}.mjs.map`), 'utf8'));

/** The rows of the list: flavors by source. */
export function listed() {
  const rows = readFileSync(LIST, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('src/'));
  return new Map(rows.map((row) => row.split(/ +/)).map(([source, ...flavors]) => [source, flavors]));
}

/** Sources of XNNPACK by file name, as the build with all candidates names them. */
function candidates(folder) {
  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const paths = commands.map(({ file }) => /\/xnnpack\/(src\/.*)$/.exec(file)?.[1]).filter(Boolean);
  return new Map(paths.map((path) => [path.slice(path.lastIndexOf('/') + 1), path]));
}

function write(kept, paths) {
  const sources = new Map();
  for (const [flavor, names] of kept) {
    for (const name of names) {
      const path = paths.get(name);
      sources.set(path, [...(sources.get(path) ?? []), flavor]);
    }
  }
  const rows = [...sources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, flavors]) => `${path} ${flavors.join(' ')}`);
  const intro =
    "# XNNPACK's sources that reach a program, and in which flavors. Written by `npm run xnnpack-sources`.\n";
  writeFileSync(LIST, `${intro + rows.join('\n')}\n`);
  say('xnnpack-sources', `${rows.length} of ${paths.size} sources are needed`);
}

async function main() {
  const everything = ['-DRESNET50_XNNPACK_EVERYTHING=ON'];
  const wasm = join('build', 'xnnpack-wasm');
  const native = join('build', 'xnnpack-native');
  await configureWasm('xnnpack-sources', wasm, everything);
  await ninja('xnnpack-sources', wasm, FLAVORS.flatMap(modulesOf));
  await configureSanitized('xnnpack-sources', native, everything);
  await ninja('xnnpack-sources', native, NATIVE_PROGRAMS);
  const kept = new Map([['native', new Set(nativeMaps(join(root, native)).flatMap((map) => [...keptByLinker(map)]))]]);
  for (const flavor of FLAVORS) {
    kept.set(flavor, new Set(wasmMaps(join(root, wasm), flavor).flatMap((map) => [...keptByLinker(map)])));
  }
  write(kept, new Map([...candidates(join(root, native)), ...candidates(join(root, wasm))]));
}

if (isProgram(import.meta.url)) await main();
