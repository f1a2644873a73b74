// node scripts/notices.mjs: writes dist/THIRD-PARTY-NOTICES.txt, the licenses of everything that ends up in the package, from
// the fetched sources. Fails where a dependency has no license on record, so that none is forgotten.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail as failWith, root } from './lib.mjs';
import { BUNDLED, NATIVE, pinned, RUNTIME } from './third-party.mjs';

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const read = (...path) => readFileSync(join(root, ...path), 'utf8').trim();
const section = (title, license, source, text) => `${'='.repeat(80)}\n${title} (${license})\n${source}\n\n${text}\n`;

/** Some write it in small letters. */
const licenseFile = (name) =>
  readdirSync(join(root, 'node_modules', name)).find((file) => /^license(?:\.(?:md|txt))?$/i.test(file)) ?? 'LICENSE';

const sections = pinned().map(({ name, repository, commit }) => {
  const known = NATIVE[name];
  if (known === undefined) failWith('notices', `scripts/third-party.mjs has no license for the dependency '${name}'`);
  const text = known.files.map((file) => read('build', 'deps', name, file)).join('\n\n');
  return section(known.title, known.license, `${repository} at ${commit}`, text);
});
for (const name of BUNDLED) {
  const { version, license, homepage } = JSON.parse(read('node_modules', name, 'package.json'));
  sections.push(section(`${name} ${version}`, license, homepage, read('node_modules', name, licenseFile(name))));
}
for (const { title, license, copyright, note } of RUNTIME) {
  sections.push(section(title, license, 'linked by Emscripten', note ?? `${copyright}\n\n${MIT}`));
}
mkdirSync(join(root, 'dist'), { recursive: true });
const intro = 'resnet50-wasm contains work of others, under these licenses.\n\n';
writeFileSync(join(root, 'dist', 'THIRD-PARTY-NOTICES.txt'), intro + sections.join('\n'));
