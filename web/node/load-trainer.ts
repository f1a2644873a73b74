/**
 * The trainer's glue in Node, Bun and Deno: the one with threads, which trains on one thread too, with the same bits.
 */
import type { CoreFactory } from '../core/start.js';

export const loadTrainer = async (): Promise<CoreFactory> =>
  (await import('./wasm/resnet50-trainer-simd-threads.mjs')).default;
