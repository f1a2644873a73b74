/**
 * The trainer's glue in Node, Bun and Deno: the one with threads, which trains on one thread too, with the same bits.
 */
import type { CoreFactory } from '../core/start.js';
import { loadGlue } from './load-glue.js';

export const loadTrainer = (): Promise<CoreFactory> => loadGlue('trainer-simd-threads');
