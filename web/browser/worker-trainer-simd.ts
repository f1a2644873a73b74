/** Worker of the trainer on one thread. The import is static: bundlers forbid dynamic ones in workers. */

import { TrainerHost } from '../host/training/trainer-host.js';
import { listen } from './serve.js';
import factory from './wasm/resnet50-trainer-simd.mjs';

listen(factory, (threaded, post) => new TrainerHost(async () => threaded, post));
