/**
 * All commands by name. Those that need more than the others are read when they are called.
 */
import { CLASSIFY } from './classify.js';
import type { Command } from './command.js';
import { CONVERT } from './convert.js';
import { EMBED } from './embed.js';
import { FIT } from './fit.js';
import { INFO } from './info.js';
import { WEIGHTS } from './weights.js';

/** In the order of help. */
export const COMMANDS = {
  classify: async () => CLASSIFY,
  explain: async () => (await import('./explain.js')).EXPLAIN,
  embed: async () => EMBED,
  fit: async () => FIT,
  evaluate: async () => (await import('./evaluate.js')).EVALUATE,
  verify: async () => (await import('./verify.js')).VERIFY,
  weights: async () => WEIGHTS,
  convert: async () => CONVERT,
  info: async () => INFO,
  completion: async () => (await import('./completion.js')).completion(allCommands),
  manual: async () => (await import('./manual.js')).manual(allCommands),
} as const satisfies Readonly<Record<string, () => Promise<Command>>>;

/** Their descriptions, in the order of help. */
export function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map((command) => command()));
}
