/** The worker of a trainer: dist/worker-trainer-simd.js and its twin with threads, made as worker.ts says. */
import { TrainerHost } from '../host/training/trainer-host.js';
import { listen } from './serve.js';
import factory from './wasm/core.mjs';

listen(factory, (threaded, post) => new TrainerHost(async () => threaded, post));
