/**
 * What is not built is not offered: `npm start` builds only flavors with threads, which do on one thread what the others do.
 */
import type { Choice, Flavour } from '../base/engine-support.js';
import { ResNet50Error } from '../base/errors.js';
import { hasModule } from '../base/package-files.node.js';

/** Flavors whose modules are there. None in a bundle that lost them all: the start of the core says so. */
function builtFlavours(): Flavour[] {
  const all: Flavour[] = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];
  return all.filter(hasModule);
}

/** What can stand in for a flavor, nearest first: plain SIMD runs wherever relaxed SIMD does. */
const STAND_INS: Readonly<Record<Flavour, readonly Flavour[]>> = {
  simd: ['simd-threads'],
  'simd-threads': ['simd'],
  relaxed: ['relaxed-threads', 'simd', 'simd-threads'],
  'relaxed-threads': ['simd-threads', 'relaxed', 'simd'],
};

/**
 * The choice, or the nearest that is built.
 * @param named the caller asked for the flavor by name
 * @throws ResNet50Error CORE_LOAD_FAILED if the flavor that was asked for is not built, or none that works here
 */
export function offered(choice: Choice, named: boolean, built: readonly Flavour[] = builtFlavours()): Choice {
  const { flavour, threads, why } = choice;
  if (built.length === 0 || built.includes(flavour)) return choice;
  const standIn = named ? undefined : STAND_INS[flavour].find((other) => built.includes(other));
  if (standIn === undefined) {
    throw new ResNet50Error(
      'CORE_LOAD_FAILED',
      `flavour '${flavour}' is not built here (only ${built.join(', ')}): in a clone of the project, run npm run build`,
      { subject: flavour },
    );
  }
  const fitting = standIn.endsWith('-threads') ? threads : 1;
  return { flavour: standIn, threads: fitting, why: [...why, `${standIn}: ${flavour} is not built (npm run build)`] };
}
