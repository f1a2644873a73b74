/**
 * Where the package's own files are in Node.js: beside this module, unless a bundler has moved the module without them.
 * Then beside the bundle, where users may have copied them, or in the package as it is installed on this machine.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ResNet50Error } from './errors.js';

const NAME = 'resnet50-wasm';

/** dist/, or the folder of a bundle; empty where a bundler left no import.meta.url. */
const HERE = import.meta.url?.startsWith('file:') ? dirname(fileURLToPath(import.meta.url)) : '';

/** What keeps the package out of a bundle, as one clause of a sentence. */
const REMEDY =
  `keep the package out of the bundle (Next.js: serverExternalPackages: ['${NAME}'], esbuild: --external:${NAME}, ` +
  `webpack: externals, Vite: ssr.external) and install it where the bundle runs, or copy its files beside the bundle ` +
  `as docs/bundlers.md says`;

/**
 * `join` for the search, which bundlers must not follow: what they cannot know they take for every file of dist/, and
 * Turbopack then refuses index.d.cts, which is no CommonJS to it.
 */
const under = (...parts: string[]): string => parts.join('/');

/** The package's dist/ in the node_modules of a folder or of one above it, in this very version. */
function installedFrom(folder: string): string[] {
  const root = under(folder, 'node_modules', NAME);
  const above = dirname(folder);
  const further = above === folder ? [] : installedFrom(above);
  try {
    const { version } = JSON.parse(readFileSync(under(root, 'package.json'), 'utf8'));
    return version === __VERSION__ ? [under(root, 'dist'), ...further] : further;
  } catch {
    return further;
  }
}

/** Folders of a bundle: where its file is, as CommonJS says it; some bundlers leave import.meta.url as it was. */
const bundleFolders = (): string[] => [HERE, typeof __dirname === 'string' ? __dirname : ''].filter((it) => it !== '');

const installedFolders = (): string[] => [...bundleFolders(), process.cwd()].flatMap((folder) => installedFrom(folder));

/** @throws ResNet50Error CORE_LOAD_FAILED with what to tell the bundler */
function find(beside: string, file: string): string {
  if (HERE !== '' && existsSync(beside)) return beside;
  const folders = new Set([...bundleFolders(), ...installedFolders()]);
  for (const folder of folders) {
    const path = under(folder, file);
    if (existsSync(path)) return path;
  }
  const looked = [...folders, under(process.cwd(), 'node_modules', NAME)].join(', ');
  throw new ResNet50Error(
    'CORE_LOAD_FAILED',
    `${file} of ${NAME} ${__VERSION__} is not there (looked in ${looked}), so it seems to run from a bundle: ${REMEDY}`,
    { subject: file },
  );
}

// Paths beside this module are written out: tools that collect what a server needs (Next.js, Vercel) find them so.

/** The script of a network's worker thread. Throws CORE_LOAD_FAILED, as the next ones do. */
export const workerFile = (): string => find(join(HERE, 'worker.node.mjs'), 'worker.node.mjs');

/** The script of a trainer's worker thread. */
export const trainerFile = (): string => find(join(HERE, 'worker-trainer.node.mjs'), 'worker-trainer.node.mjs');

/** The script of a converter's worker thread. */
export const converterFile = (): string => find(join(HERE, 'worker-convert.node.mjs'), 'worker-convert.node.mjs');

/** The script of the thread that gets missing weights. */
export const weightsFile = (): string => find(join(HERE, 'worker-weights.node.mjs'), 'worker-weights.node.mjs');

/** Emscripten's glue of a module ('simd', 'trainer-simd-threads'); its wasm is beside it. */
export const glueFile = (module: string): string =>
  find(join(HERE, 'wasm', `resnet50-${module}.mjs`), `wasm/resnet50-${module}.mjs`);

const wasmFile = (module: string): string =>
  find(join(HERE, 'wasm', `resnet50-${module}.wasm`), `wasm/resnet50-${module}.wasm`);

/** True if the wasm file of a module is there. */
export function hasModule(module: string): boolean {
  try {
    return wasmFile(module) !== '';
  } catch {
    return false;
  }
}

/** Folder of a variant that is part of the package, or was put into it. */
export function packagedFolder(name: string): string {
  const beside = join(HERE, '..', 'weights', name);
  const moved = [
    ...bundleFolders().map((folder) => under(folder, 'weights', name)),
    ...installedFolders().map((folder) => under(folder, '..', 'weights', name)),
  ];
  return [beside, ...moved].find((folder) => existsSync(under(folder, 'manifest.json'))) ?? beside;
}
