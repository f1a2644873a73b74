// What the package says of its own contents: every dependency has its license in the notices and its row in the list of
// components, and the same sources give the same files.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUNDLED, NATIVE, pinned, RUNTIME } from '../../scripts/third-party.mjs';
import { ROOT, run } from './helpers.mjs';

const skip =
  !existsSync(join(ROOT, 'build', 'deps', 'xnnpack')) && 'build/deps has no sources: build the package first';
const make = async (script, file) => {
  const { status, stderr } = await run(process.execPath, [join(ROOT, 'scripts', `${script}.mjs`)]);
  assert.equal(status, 0, stderr);
  return readFileSync(join(ROOT, 'dist', file), 'utf8');
};

test('the notices hold the license of everything that is in the package', { skip }, async () => {
  const text = await make('notices', 'THIRD-PARTY-NOTICES.txt');
  assert.equal(pinned().length, Object.keys(NATIVE).length);
  for (const { title } of [...Object.values(NATIVE), ...RUNTIME]) assert.ok(text.includes(`\n${title} (`), title);
  for (const name of BUNDLED) assert.ok(text.includes(name), name);
  for (const holder of [
    'Google',
    'Marat Dukhan',
    'Sean Barrett',
    'YaoYuan',
    'Jean-loup Gailly',
    'Rich Felker',
    'Paul Miller',
  ])
    assert.ok(text.includes(holder), holder);
});

test('the list of components is CycloneDX, complete and reproducible', { skip }, async () => {
  const text = await make('sbom', 'sbom.cdx.json');
  assert.equal(await make('sbom', 'sbom.cdx.json'), text);
  const bom = JSON.parse(text);
  assert.deepEqual([bom.bomFormat, bom.specVersion], ['CycloneDX', '1.6']);
  const refs = bom.components.map((component) => component['bom-ref']);
  assert.equal(new Set(refs).size, refs.length);
  for (const { commit } of pinned())
    assert.ok(
      refs.some((ref) => ref.endsWith(`@${commit}`)),
      commit,
    );
  const required = bom.components.filter(({ scope }) => scope === 'required');
  assert.equal(required.length, pinned().length + RUNTIME.length + BUNDLED.length);
  for (const component of required) assert.ok(component.licenses.length === 1, component.name);
});
