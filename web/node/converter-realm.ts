/**
 * What a converter needs of Node.js, Bun and Deno.
 */
import { createHash } from 'node:crypto';
import type { ConverterRealm } from '../host/converter/converter-host.js';
import { loadGlue } from './load-glue.js';

/** With threads, which do on one thread what the module without them does. */
export const converterRealm: ConverterRealm = {
  loadFactory: () => loadGlue('convert-simd-threads'),
  newHash() {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
};
