/**
 * The addresses of the files beside the package's modules. Every URL is written out literally: that is what bundlers
 * look for when they copy files and rewrite addresses. Each file stands alone, so a verbatim copy anywhere works.
 */

import type { Flavour } from '../base/engine-support.js';
import { describe, ResNet50Error } from '../base/errors.js';
import { pageBase } from './source.js';

/** One entry a flavour; called late, because `import.meta.url` is missing or useless in some realms. */
const WORKER_SCRIPTS: Readonly<Record<Flavour, () => URL>> = {
  simd: () => new URL('./worker-simd.js', import.meta.url),
  'simd-threads': () => new URL('./worker-simd-threads.js', import.meta.url),
  relaxed: () => new URL('./worker-relaxed.js', import.meta.url),
  'relaxed-threads': () => new URL('./worker-relaxed-threads.js', import.meta.url),
};

/** The same for the wasm files. */
const WASM_FILES: Readonly<Record<Flavour, () => URL>> = {
  simd: () => new URL('./wasm/resnet50-simd.wasm', import.meta.url),
  'simd-threads': () => new URL('./wasm/resnet50-simd-threads.wasm', import.meta.url),
  relaxed: () => new URL('./wasm/resnet50-relaxed.wasm', import.meta.url),
  'relaxed-threads': () => new URL('./wasm/resnet50-relaxed-threads.wasm', import.meta.url),
};

/** Turbopack's URL objects have an `href` without an origin. */
export const absolute = ({ href }: URL): string => new URL(href, pageBase()).href;

/** Address of `file` in a folder that the caller names, which may be relative to the page. */
export function inFolder(folder: string, file: string): string {
  return new URL(file, new URL(folder.endsWith('/') ? folder : `${folder}/`, pageBase())).href;
}

/** Address of a flavour's worker script: in the named folder, else beside the package's modules. Throws where neither is known. */
export const workerScript = (flavour: Flavour, folder: string | undefined): string =>
  folder === undefined ? absolute(WORKER_SCRIPTS[flavour]()) : inFolder(folder, `worker-${flavour}.js`);

/**
 * Address of a flavour's wasm file: in the named folder, else beside the package's modules.
 * @throws ResNet50Error CORE_LOAD_FAILED where neither is known
 */
export function wasmFile(flavour: Flavour, folder: string | undefined): string {
  const file = `resnet50-${flavour}.wasm`;
  if (folder !== undefined) return inFolder(folder, file);
  try {
    return absolute(WASM_FILES[flavour]());
  } catch (cause) {
    throw new ResNet50Error(
      'CORE_LOAD_FAILED',
      `${file}: there is no import.meta.url here to find it by (${describe(cause)}): say where it is with wasmUrl, or hand in wasmModule`,
      { subject: file, cause },
    );
  }
}
