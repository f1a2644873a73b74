/**
 * A browser's worker. The build makes one of it per flavor, dist/worker-FLAVOR.js, by putting the glue of that flavor in the place
 * of core.mjs. The import is static: bundlers forbid dynamic ones in workers.
 */
import { serve } from './serve.js';
import factory from './wasm/core.mjs';

serve(factory);
