/**
 * Why a network and a reference do not agree: transforms, EXIF, the order of classes, single pictures, the checkpoint.
 */
import { type Finding, findChanges, type Setting } from '../convert/causes.js';
import { classOrder, type Difference, deviationOf, differenceOf, meanRms } from '../convert/compare.js';
import { type LoadOptions, listWeights, type ResNet50 } from '../index.node.js';
import { loadWithProgress } from './load.js';
import { progressBar, shortly } from './terminal.js';
import { remedyFor } from './verify-settings.js';

/**
 * Root mean square differences, in deviations of the logits. f32 differs by about 1e-5 from the same pixels and, as
 * measured, by up to 0.01 where another JPEG decoder read them; the mildest wrong transform (bicubic) makes 0.04. int8
 * has about 0.05 of its own. A search ends where the mean is `enough`,
 * and counts if at most `improvement` of it and `left` remain.
 */
const LIMITS = {
  f32: { picture: 0.03, mean: 0.01, enough: 0.015, improvement: 0.5, left: 0.2 },
  int8: { picture: 0.6, mean: 0.25, enough: 0, improvement: 0.8, left: 0.3 },
} as const;

/** A picture of both. */
export interface Compared extends Difference {
  file: string;
  path: string;
  reference: Float64Array;
  row: Float32Array;
}

/** What keeps the two apart, most likely. */
export interface Cause {
  cause: 'transform' | 'EXIF' | 'class order' | 'checkpoint' | 'picture';
  what: string;
  remedy: string;
}

/** Logits of a picture by its path. */
export type Run = (model: ResNet50, path: string, setting: Setting) => Promise<Float32Array>;
/** True if every picture and the mean are within the limits. */
export const agrees = (compared: readonly Compared[], precision: 'int8' | 'f32'): boolean =>
  compared.every(({ rms }) => rms <= LIMITS[precision].picture) && meanRms(compared) <= LIMITS[precision].mean;

/** The worst first. */
export const byRms = (compared: readonly Compared[]): Compared[] => [...compared].sort((a, b) => b.rms - a.rms);

/** Some of the worst pictures, and some of all. */
function sampleOf(compared: readonly Compared[], worst: number, any: number): Compared[] {
  const sorted = byRms(compared);
  const rest = sorted.slice(worst);
  const spread = Array.from({ length: Math.min(any, rest.length) }, (_, i) => Math.floor((i * rest.length) / any));
  return [...sorted.slice(0, worst), ...spread.map((i) => rest[i] as Compared)];
}

/** What keeps the two apart; nothing if they agree. Where int8's rounding may hide a cause, it is looked for anyway. */
export async function causesOf(
  model: ResNet50,
  compared: readonly Compared[],
  setting: Setting,
  run: Run,
  agreed: boolean,
  options: LoadOptions,
): Promise<Cause[]> {
  const { precision } = model.info();
  const limits = LIMITS[precision];
  if (agreed && precision === 'f32') return [];
  const order = agreed ? undefined : orderCause(compared);
  if (order !== undefined) return [order];
  const sample = precision === 'f32' ? sampleOf(compared, 5, 3) : sampleOf(compared, 3, 9);
  const deviation = deviationOf(compared.map(({ reference }) => reference));
  const differenceIn = async (of: ResNet50, how: Setting): Promise<number> => {
    const differences: Difference[] = [];
    for (const { path, reference } of sample)
      differences.push(differenceOf(await run(of, path, how), reference, deviation));
    return meanRms(differences);
  };
  const progress = progressBar('causes');
  let tried = 0;
  const onTried = () => progress.update((++tried % 14) / 14, `other transforms on ${sample.length} pictures`);
  const finding = await findChanges(setting, (how) => differenceIn(model, how), limits.enough, onTried);
  progress.done();
  if (finding.changes.length > 0 && finding.after <= Math.min(finding.before * limits.improvement, limits.left))
    return fromChanges(finding, setting, sample.length);
  if (agreed) return [];
  return [await checkpointCause(model, differenceIn, setting, finding, options, compared)];
}

function fromChanges({ changes, before, after }: Finding, start: Setting, pictures: number): Cause[] {
  const effect = `on ${pictures} pictures the difference falls from ${shortly(before)} to ${shortly(after)}`;
  return changes.map(({ cause, what, setting }, i) => ({
    ...{ cause, what: `the reference ${what}` },
    remedy: `${remedyFor(i === 0 ? start : (changes[i - 1] as { setting: Setting }).setting, setting)}${i === changes.length - 1 ? `; with ${changes.length > 1 ? 'these changes' : 'that'}, ${effect}` : ''}`,
  }));
}

function orderCause(compared: readonly Compared[]): Cause | undefined {
  const order = classOrder(
    compared.map(({ row }) => row),
    compared.map(({ reference }) => reference),
  );
  if (order === null) return undefined;
  const moved = order.flatMap((ours, theirs) => (ours === theirs ? [] : [`${theirs} is our ${ours}`]));
  return {
    cause: 'class order',
    what: `the reference has the same classes in another order (its class ${moved.slice(0, 5).join(', its class ')})`,
    remedy: 'order the names of --labels, or the folders of classes, as the network was trained',
  };
}

/** One picture alone, another variant that fits, or a network that is not ours. */
async function checkpointCause(
  model: ResNet50,
  differenceIn: (of: ResNet50, how: Setting) => Promise<number>,
  setting: Setting,
  { before }: Finding,
  options: LoadOptions,
  compared: readonly Compared[],
): Promise<Cause> {
  const { precision } = model.info();
  const bad = byRms(compared).filter(({ rms }) => rms > LIMITS[precision].picture);
  if (bad.length < compared.length / 2 && bad.length > 0) {
    return {
      cause: 'picture',
      what: `${bad.length} of ${compared.length} pictures differ and the others agree: ${bad
        .slice(0, 5)
        .map(({ file }) => file)
        .join(', ')}`,
      remedy: 'compare the files that both programs read: other copies, or files that the two decode differently',
    };
  }
  const name = await fittingVariant(model, differenceIn, setting, before, options);
  return name === undefined
    ? {
        cause: 'checkpoint',
        what: 'no other transform explains it: the reference is most likely of another checkpoint',
        remedy: 'convert the file that the snippet loads, and call model.eval() before the network answers',
      }
    : { cause: 'checkpoint', what: `the reference is of ${name}`, remedy: `use --weights ${name}` };
}

async function fittingVariant(
  model: ResNet50,
  differenceIn: (of: ResNet50, how: Setting) => Promise<number>,
  setting: Setting,
  before: number,
  options: LoadOptions,
): Promise<string | undefined> {
  const { classes, precision } = model.info();
  const others = listWeights().filter((name) => name !== model.weights.name);
  for (const weights of others) {
    const other = await loadWithProgress({ ...options, weights, precision }).catch(() => undefined);
    try {
      if (other?.info().classes !== classes) continue;
      const own = { ...setting, transforms: other.info().transforms };
      if ((await differenceIn(other, own)) < before / 2) return weights;
    } finally {
      await other?.dispose();
    }
  }
  return undefined;
}
