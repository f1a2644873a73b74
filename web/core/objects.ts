/**
 * Gives the objects of types.ts their methods: the compiled core has functions named `type_method` that take a handle
 * first, see src/bindings/js_object.h. What any of its functions throws is a crash.
 */
import { coreCrashed } from '../base/errors.js';
import type { CoreMemory, CoreResult } from './types.js';

/** Types of the core, and the function that makes objects of each. */
const MAKERS = {
  session: 'createSession',
  converter: 'openCheckpoint',
  headTrainer: 'createHeadTrainer',
  finetuneTrainer: 'createFinetuneTrainer',
};

type Call = (...args: unknown[]) => unknown;
/** An object of the core; its handle is 0 once it was deleted. */
type Held = Record<string, unknown> & { handle: number };

/** The core returns its errors by value: what it throws is a trap, a stack that is too deep, or its glue's. */
const guarded =
  (call: Call): Call =>
  (...args) => {
    try {
      return call(...args);
    } catch (cause) {
      throw coreCrashed(cause);
    }
  };

/** Guards all functions of `module` and puts methods on whatever its makers return; gives the module back. */
export function withObjects<T extends CoreMemory>(module: T): T {
  const calls = module as unknown as Record<string, Call>;
  for (const [name, call] of Object.entries(calls)) if (typeof call === 'function') calls[name] = guarded(call);
  for (const [type, maker] of Object.entries(MAKERS)) {
    const prefix = `${type}_`;
    const names = Object.keys(module).filter((name) => name.startsWith(prefix));
    const equip = (held: Held) => {
      for (const name of names) {
        held[name.slice(prefix.length)] = (...args: unknown[]) => {
          const { handle } = held;
          if (handle === 0) throw new TypeError(`${name}: it was deleted`);
          if (name === `${prefix}delete`) held.handle = 0;
          return (calls[name] as Call)(handle, ...args);
        };
      }
    };
    const make = calls[maker];
    if (make === undefined) continue; // converter and trainer are in modules of their own
    calls[maker] = (...args: unknown[]) => {
      const result = make(...args) as CoreResult<Held>;
      if (result.value !== undefined) equip(result.value);
      return result;
    };
  }
  return module;
}
