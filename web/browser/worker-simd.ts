/** Worker of flavour simd. The import is static: bundlers forbid dynamic ones in workers. */
import { serve } from './serve.js';
import factory from './wasm/resnet50-simd.mjs';

serve(factory);
