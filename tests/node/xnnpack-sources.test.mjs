// cmake/xnnpack-sources.txt names what the linker keeps of XNNPACK, flavor by flavor: no source too many, none missing.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAVORS, modulesOf } from '../../scripts/modules.mjs';
import { keptByLinker, listed, NATIVE_PROGRAMS, nativeMaps, wasmMaps } from '../../scripts/xnnpack-sources.mjs';
import { ROOT } from './helpers.mjs';

const wasm = join(ROOT, 'build', 'wasm');
const native = join(ROOT, 'build', 'native-sanitized');
const isBuilt = (module) => existsSync(join(wasm, 'src', 'bindings', `${module}.mjs.map`));

/** Compares the list with the linker's maps of a flavor. */
function compare(flavor, maps) {
  const kept = maps.flatMap((map) => [...keptByLinker(map)]);
  const rows = [...listed()].filter(([, flavors]) => flavors.includes(flavor));
  const names = rows.map(([source]) => source.slice(source.lastIndexOf('/') + 1));
  assert.deepEqual(names.sort(), [...new Set(kept)].sort());
}

for (const flavor of FLAVORS) {
  const skip =
    !modulesOf(flavor).every(isBuilt) && `build/wasm has no linker maps of ${flavor}: build the package first`;
  test(`${flavor}: the list is what the linker keeps`, { skip }, () => compare(flavor, wasmMaps(wasm, flavor)));
}

const skipNative =
  !NATIVE_PROGRAMS.every((program) => existsSync(join(native, 'tests', 'cpp', `${program}.map`))) &&
  'build/native-sanitized has no linker maps: run npm test first';
test('native: the list is what the linker keeps', { skip: skipNative }, () => compare('native', nativeMaps(native)));
