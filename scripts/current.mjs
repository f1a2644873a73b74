// Whether the bundles in dist/ are what their inputs would give now. The inputs are those that esbuild and tsc say they
// have read (build/javascript.json, written by scripts/build-javascript.mjs), each with its hash.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

const STAMP = join(root, 'build', 'javascript.json');

/** What the notices and the list of components are made of, besides node_modules. */
const ALWAYS = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.types.json', 'cmake/dependencies.cmake'],
  ...['build-javascript', 'declarations', 'glue', 'instrument', 'modules', 'notices', 'sbom', 'third-party'].map(
    (name) => `scripts/${name}.mjs`,
  ),
];

const hashOf = (path) => {
  const file = join(root, path);
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null;
};

/** The glue of the modules that are there: one more of them makes another package. */
const glue = () =>
  existsSync(join(root, 'dist', 'wasm'))
    ? readdirSync(join(root, 'dist', 'wasm'))
        .filter((name) => name.endsWith('.mjs'))
        .map((name) => `dist/wasm/${name}`)
    : [];

/** Records what the bundles were made of. @param inputs paths relative to the repository */
export function recordBundles(inputs, outputs) {
  const paths = [...new Set([...inputs, ...ALWAYS, ...glue()])]
    .filter((path) => !path.startsWith('node_modules/'))
    .sort();
  mkdirSync(join(root, 'build'), { recursive: true });
  writeFileSync(
    STAMP,
    JSON.stringify({ inputs: Object.fromEntries(paths.map((path) => [path, hashOf(path)])), outputs }),
  );
}

/** True if nothing that was read has changed, nothing that was written is gone, and the same modules are there. */
export function bundlesAreCurrent() {
  if (!existsSync(STAMP)) return false;
  const { inputs, outputs } = JSON.parse(readFileSync(STAMP, 'utf8'));
  const known = glue().every((path) => path in inputs);
  return (
    known &&
    outputs.every((file) => existsSync(join(root, file))) &&
    Object.entries(inputs).every(([path, hash]) => hashOf(path) === hash)
  );
}
