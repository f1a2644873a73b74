/**
 * The phases of a conversion, and how long the rest of it will take. Costs are relative: how the phases of a 98 MB checkpoint
 * compare on two threads. The pace is measured while it works, so a faster machine needs no other numbers.
 */
import type { Precision } from '../weights/manifest.js';

/** In this order; those that a conversion does not need are left out. */
export type ConvertPhase =
  | 'read'
  | 'calibrate'
  | 'match'
  | 'observe'
  | 'quantize'
  | 'write-int8'
  | 'write-f32'
  | 'evaluate';

/** How far a conversion is. */
export interface ConvertProgress {
  phase: ConvertPhase;
  /** Of `total`: pictures, layers or shards; 0 of 1 and 1 of 1 for phases without steps. */
  done: number;
  total: number;
  /** Of the whole conversion, 0..1; never decreases. */
  fraction: number;
  /** How long the rest will take, as far as can be told; undefined in the first seconds. */
  secondsLeft: number | undefined;
}

/** What decides about the phases. */
export interface Workload {
  precisions: readonly Precision[];
  /** Calibration pictures. */
  images: number;
  generated: boolean;
  matchBatchNorm: boolean;
  evaluate: boolean;
  /** Whether weights are rounded to nearest, which takes little time. */
  nearest?: boolean;
}

/** Seconds on the machine that they were measured on: at once, and per item. */
interface Cost {
  once: number;
  each: number;
  /** How many items there will be, until the phase says. */
  items: number;
  /** Share of the cost by share of the items, at equal distances; even without. */
  curve?: readonly number[];
}

/** Batch norm is matched on so many pictures at most (src/convert/quantization_run.cc). */
const MATCHED_IMAGES = 32;
/** Of the network (src/network/topology.h). */
const ROWS = 72;
/** Labeled photos, before they are counted. */
const LIKELY_PHOTOS = 300;
/** Layers with many inputs come last, and their cost grows with the square of these. */
const QUANTIZE_CURVE = [0, 0.1, 0.17, 0.23, 0.31, 0.4, 0.48, 0.66, 1] as const;

/** Rounding of weights that compensates for the errors of others. */
const COMPENSATED: Cost = { once: 0, each: 0.43, items: ROWS, curve: QUANTIZE_CURVE };

/** The phases of a conversion, in order, with what they cost. */
function costs({
  precisions,
  images,
  generated,
  matchBatchNorm,
  evaluate,
  nearest,
}: Workload): Map<ConvertPhase, Cost> {
  const int8 = precisions.includes('int8');
  const matches = int8 && generated && matchBatchNorm;
  const matched = Math.min(images, MATCHED_IMAGES);
  const phases: [ConvertPhase, boolean, Cost][] = [
    ['read', true, { once: 1, each: 0, items: 1 }],
    ['calibrate', int8, { once: 0, each: generated ? 0.004 : 0.02, items: images }],
    ['match', matches, { once: 0.28 * matched, each: 0, items: 1 }],
    ['observe', int8, { once: 0, each: 0.2, items: images }],
    ['quantize', int8, nearest ? { once: 0, each: 0.003 * images, items: ROWS } : COMPENSATED],
    ['write-int8', int8, { once: 0, each: 0.14, items: 8 }],
    ['write-f32', precisions.includes('f32'), { once: 0, each: 0.21, items: 28 }],
    ['evaluate', int8 && evaluate, { once: 0, each: 0.15, items: LIKELY_PHOTOS }],
  ];
  return new Map(phases.filter(([, happens]) => happens).map(([phase, , cost]) => [phase, cost]));
}

const whole = ({ once, each, items }: Cost): number => once + each * items;

/** Share of a phase's cost that is behind when `share` of its items is. */
function spent(share: number, curve: readonly number[] = [0, 1]): number {
  const at = Math.min(1, Math.max(0, share)) * (curve.length - 1);
  const below = Math.min(Math.floor(at), curve.length - 2);
  const [from, to] = [curve[below] as number, curve[below + 1] as number];
  return from + (to - from) * (at - below);
}

/** Before this much time has passed, seconds, nothing is said of what is left. */
const UNSURE = 2;

/** Follows one conversion and reports each step. */
export class Phases {
  readonly #costs: Map<ConvertPhase, Cost>;
  readonly #report: (progress: ConvertProgress) => void;
  readonly #now: () => number;
  readonly #begun: number;
  #fraction = 0;

  /** @param now in milliseconds */
  constructor(work: Workload, report: (progress: ConvertProgress) => void, now = () => performance.now()) {
    this.#costs = costs(work);
    this.#report = report;
    this.#now = now;
    this.#begun = now();
  }

  /** `done` of `total` items of a phase are behind, and everything before it. */
  at(phase: ConvertPhase, done: number, total: number): void {
    const cost = this.#costs.get(phase);
    if (cost === undefined) return;
    if (cost.each > 0) cost.items = total;
    let [behind, all, before] = [0, 0, true];
    for (const [name, one] of this.#costs) {
      all += whole(one);
      if (name === phase) before = false;
      else if (before) behind += whole(one);
    }
    behind += whole(cost) * spent(total > 0 ? done / total : 1, cost.curve);
    this.#fraction = Math.max(this.#fraction, Math.min(1, behind / all));
    this.#report({ phase, done, total, fraction: this.#fraction, secondsLeft: this.#secondsLeft() });
  }

  #secondsLeft(): number | undefined {
    if (this.#fraction === 1) return 0;
    const passed = (this.#now() - this.#begun) / 1000;
    return passed < UNSURE || this.#fraction === 0 ? undefined : (passed * (1 - this.#fraction)) / this.#fraction;
  }
}

/** Observing images is this share of what `continueQuantization` reports (src/convert/quantization_run.cc). */
const OBSERVED = 0.25;

/** The phase that the core's share belongs to: one number stands for matching, observing and quantizing. */
export function atShare(phases: Phases, share: number, images: number): void {
  if (share === 0) phases.at('match', 1, 1);
  if (share < OBSERVED) phases.at('observe', Math.round((share / OBSERVED) * images), images);
  else phases.at('quantize', Math.round(((share - OBSERVED) / (1 - OBSERVED)) * ROWS), ROWS);
}
