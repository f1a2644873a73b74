/**
 * Emscripten's glue by its path: bundlers must not take it into a bundle, since it finds its wasm and its own file, which
 * its threads run, by import.meta.url, and awaits at top level, which CommonJS cannot.
 */
import { pathToFileURL } from 'node:url';
import { glueFile } from '../base/package-files.node.js';
import type { CoreFactory } from '../core/start.js';

/** @param module 'simd-threads', 'trainer-simd-threads'. Rejects with CORE_LOAD_FAILED if a bundler lost it */
export async function loadGlue(module: string): Promise<CoreFactory> {
  const { href } = pathToFileURL(glueFile(module));
  const { default: factory } = await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ href
  );
  return factory;
}
