/** Worker of flavour relaxed-threads. The import is static: bundlers forbid dynamic ones in workers. */
import { serve } from './serve.js';
import factory from './wasm/resnet50-relaxed-threads.mjs';

serve(factory);
