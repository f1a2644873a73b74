/**
 * V8's experimental revectorization: code of 256 bits where wasm has pairs of 128. A flag of the whole process, so it is
 * only set for those who ask, and what the engine then makes of our kernels is checked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { ResNet50Error } from '../base/errors.js';
import type { CoreModule } from '../core/types.js';

const FLAG = '--experimental-wasm-revectorize';
/** The first V8 that is known to run our kernels with the flag, right and faster; older ones warn of it or lack it. */
const FIRST_V8 = 14;
/** V8 optimizes functions that have run for a while, in the background; milliseconds that this takes, with a margin. */
const CHECK_MS = 300;
const CALLS_AT_A_TIME = 8;

/** Whether V8 was asked, and the reason as a line of `info().why`. */
export interface Revectorization {
  on: boolean;
  why: string;
}

/** Asks V8 to revectorize what it compiles from now on, in all threads. Before that, it must not have compiled our code. */
export function revectorize(): Revectorization {
  const { v8, bun, deno } = process.versions as { v8?: string; bun?: string; deno?: string };
  const isNode = v8 !== undefined && bun === undefined && deno === undefined;
  if (!isNode || Number.parseInt(v8, 10) < FIRST_V8 || process.arch !== 'x64') {
    return { on: false, why: `not revectorized: that takes Node.js with V8 ${FIRST_V8} or newer on x64` };
  }
  setFlagsFromString(FLAG);
  return { on: true, why: 'revectorized: V8 was asked for code of 256 bits (experimental)' };
}

/**
 * Compares what our kernels compute with what they must, until V8 has had the time to optimize them.
 * @throws ResNet50Error INTERNAL
 */
export async function checkCore(core: CoreModule): Promise<void> {
  const end = performance.now() + CHECK_MS;
  do {
    for (let call = 0; call < CALLS_AT_A_TIME; call++) {
      if (core.kernelsCompute()) continue;
      throw new ResNet50Error(
        'INTERNAL',
        "V8's revectorized code computes other numbers than it must: start the process anew, and load without revectorize",
        { subject: 'revectorize' },
      );
    }
    await sleep(5);
  } while (performance.now() < end);
}
