// cmake/xnnpack-sources.txt names what the linker keeps of XNNPACK, flavor by flavor: no source too many, none missing.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAVORS, modulesOf } from '../../scripts/modules.mjs';
import { keptByLinker, listed, wasmMaps } from '../../scripts/xnnpack-sources.mjs';
import { ROOT } from './helpers.mjs';

const folder = join(ROOT, 'build', 'wasm');
const isBuilt = (module) => existsSync(join(folder, 'src', 'bindings', `${module}.mjs.map`));

for (const flavor of FLAVORS) {
  const skip =
    !modulesOf(flavor).every(isBuilt) && `build/wasm has no linker maps of ${flavor}: build the package first`;
  test(`${flavor}: the list is what the linker keeps`, { skip }, () => {
    const kept = wasmMaps(folder, flavor).flatMap((map) => [...keptByLinker(map)]);
    const rows = [...listed()].filter(([, flavors]) => flavors.includes(flavor));
    const names = rows.map(([source]) => source.slice(source.lastIndexOf('/') + 1));
    assert.deepEqual(names.sort(), [...new Set(kept)].sort());
  });
}
