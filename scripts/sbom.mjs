// node scripts/sbom.mjs: writes dist/sbom.cdx.json, a CycloneDX 1.6 list of what the package consists of ('required') and
// what it is built with ('excluded'). The same commit gives the same bytes: no time, an identity made from the contents.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';
import { BUNDLED, locked, NATIVE, pinned, RUNTIME } from './third-party.mjs';

const { name, version, license, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** CycloneDX knows single identifiers and expressions. */
const licenses = (spdx) => [/ (?:OR|AND|WITH) /.test(spdx) ? { expression: spdx } : { license: { id: spdx } }];

const native = pinned().map(({ name: key, sha256, repository, commit }) => ({
  type: 'library',
  'bom-ref': `pkg:github/${new URL(repository).pathname.slice(1).toLowerCase()}@${commit}`,
  name: NATIVE[key].title,
  version: commit,
  scope: 'required',
  hashes: [{ alg: 'SHA-256', content: sha256 }],
  licenses: licenses(NATIVE[key].license),
  purl: `pkg:github/${new URL(repository).pathname.slice(1).toLowerCase()}@${commit}`,
}));
const runtime = RUNTIME.map(({ title, license }) => ({
  type: 'library',
  'bom-ref': `emscripten:${title}`,
  name: title,
  scope: 'required',
  licenses: licenses(license),
}));
const packages = locked().map(({ name: key, version: at, license: spdx, integrity }) => {
  const purl = `pkg:npm/${key.replace('@', '%40')}@${at}`;
  const hashes = integrity
    ? {
        hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex') }],
      }
    : {};
  const scope = BUNDLED.includes(key) ? 'required' : 'excluded';
  return {
    type: 'library',
    'bom-ref': purl,
    name: key,
    version: at,
    scope,
    ...hashes,
    ...(spdx ? { licenses: licenses(spdx) } : {}),
    purl,
  };
});
// One version may lie in several folders of node_modules.
const components = [...new Map([...native, ...runtime, ...packages].map((one) => [one['bom-ref'], one])).values()];

const ref = `pkg:npm/${name}@${version}`;
const metadata = {
  component: { type: 'library', 'bom-ref': ref, name, version, description, licenses: licenses(license), purl: ref },
};
const digest = createHash('sha256')
  .update(JSON.stringify([metadata, components]))
  .digest('hex');
const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
const required = components.filter(({ scope }) => scope === 'required').map((one) => one['bom-ref']);
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${uuid}`,
  version: 1,
  metadata,
  components,
  dependencies: [{ ref, dependsOn: required }],
};
mkdirSync(join(root, 'dist'), { recursive: true });
writeFileSync(join(root, 'dist', 'sbom.cdx.json'), `${JSON.stringify(bom, null, 1)}\n`);
