// npm run build [-- FLAVOR...]: builds the wasm flavors (all, or those named) and the JavaScript, says what it does while it
// does it, and does nothing twice: ninja knows what the modules were made of, esbuild what the bundles were.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configureWasm, ninja, WASM_FOLDER } from './compile.mjs';
import { bundlesAreCurrent } from './current.mjs';
import { forServers } from './glue.mjs';
import { fail, isProgram, needDevelopmentPackages, root, runLoudly, runQuietly, say, seconds } from './lib.mjs';
import { FLAVORS, modulesOf } from './modules.mjs';

const WHO = 'build';

/** Emscripten builds its own libraries when it first links with them; here that is said, and done with all cores. */
async function systemLibraries(flavors, env) {
  const folder = join(root, WASM_FOLDER, 'system-libraries');
  const variants = new Set(flavors.map((flavor) => (flavor.endsWith('-threads') ? 'threads' : 'no threads')));
  for (const variant of variants) {
    const stamp = join(folder, `${variant.replace(' ', '-')}.mjs`);
    if (existsSync(stamp)) continue;
    mkdirSync(folder, { recursive: true });
    const source = join(folder, 'all.cc');
    writeFileSync(source, USES_ALL_LIBRARIES);
    const flags = [
      '-O1',
      '-fno-exceptions',
      '-fno-rtti',
      '-DEMSCRIPTEN_HAS_UNBOUND_TYPE_NAMES=0',
      '-lembind',
      '-sALLOW_MEMORY_GROWTH',
      '-sAUTO_NATIVE_LIBRARIES=0',
    ];
    const threads = variant === 'threads' ? ['-pthread', '-Wno-pthreads-mem-growth'] : [];
    const what = `Emscripten's system libraries (${variant})`;
    say(WHO, `${what}: built once`);
    const { status, output } = await runLoudly(WHO, what, 'em++', [...flags, ...threads, source, '-o', stamp], {
      env,
      show: sayLibrary,
    });
    if (status !== 0) {
      console.error(output);
      fail(WHO, `${what} could not be built (see above)`);
    }
  }
}

const USES_ALL_LIBRARIES = `#include <emscripten/bind.h>
#include <vector>
int f(int n) { return (int)std::vector<int>(n).size(); }
EMSCRIPTEN_BINDINGS(m) { emscripten::function("f", &f); }
`;

/** Passes on which library Emscripten builds. */
function sayLibrary(text) {
  const names = Array.from(text.matchAll(/generating system \w+: (?:\S*\/)?([\w+.-]+?)\.\.\./g), ([, name]) => name);
  for (const name of names) say(WHO, `Emscripten's ${name}`);
  return names.length > 0;
}

/** Copies a module from the build folder to dist/wasm if it is newer. */
function ship(module) {
  const built = (suffix) => join(root, WASM_FOLDER, 'src', 'bindings', `${module}.${suffix}`);
  const shipped = (suffix) => join(root, 'dist', 'wasm', `${module}.${suffix}`);
  const isCurrent = (suffix) =>
    existsSync(shipped(suffix)) && statSync(shipped(suffix)).mtimeMs >= statSync(built(suffix)).mtimeMs;
  if (isCurrent('wasm') && isCurrent('mjs')) return;
  copyFileSync(built('wasm'), shipped('wasm'));
  writeFileSync(shipped('mjs'), forServers(readFileSync(built('mjs'), 'utf8')));
}

async function buildModules(flavors) {
  const begun = performance.now();
  const env = await configureWasm(WHO);
  await systemLibraries(flavors, env);
  const modules = flavors.flatMap(modulesOf);
  await ninja(WHO, WASM_FOLDER, modules, { what: `compiling the core (${flavors.join(', ')})`, env });
  mkdirSync(join(root, 'dist', 'wasm'), { recursive: true });
  modules.forEach(ship);
  if (seconds(begun) > 2) say(WHO, `the core took ${seconds(begun)} s`);
}

/** The bundles for browsers contain the glue of the modules, so those come first. */
async function buildJavaScript() {
  if (bundlesAreCurrent()) return;
  await needDevelopmentPackages(WHO);
  say(WHO, 'bundling the JavaScript and its types');
  await runQuietly(WHO, 'bundling', process.execPath, [join('scripts', 'build-javascript.mjs')]);
  for (const script of ['notices', 'sbom'])
    await runQuietly(WHO, script, process.execPath, [join('scripts', `${script}.mjs`)]);
}

/** Builds the named flavors and everything beside them. */
export async function build(flavors) {
  await buildModules(flavors);
  await buildJavaScript();
}

if (isProgram(import.meta.url)) {
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !FLAVORS.includes(name));
  if (unknown !== undefined) fail(WHO, `there is no flavor '${unknown}', only ${FLAVORS.join(', ')}`);
  await build(named.length > 0 ? named : FLAVORS);
}
