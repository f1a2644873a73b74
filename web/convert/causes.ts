/**
 * Why logits differ from a reference's: other ways to prepare pictures are tried one after the other, and what brings them
 * together is the likely cause.
 */
import type { Transforms } from '../base/transforms.js';

/** A way to prepare pictures. */
export interface Setting {
  orientation: 'exif' | 'none';
  transforms: Transforms;
  /** Channels in the order blue, green, red, as OpenCV reads them. */
  swapped: boolean;
}

/** One step from one setting to another. */
export interface Change {
  cause: 'transform' | 'EXIF';
  /** What the reference seems to do. */
  what: string;
  setting: Setting;
}

/** What was found. */
export interface Finding {
  /** Together they bring the logits closest. */
  changes: Change[];
  /** Mean difference on the tried pictures before and after. */
  before: number;
  after: number;
}

const NORMALIZATIONS: readonly [string, Pick<Transforms, 'mean' | 'std'>][] = [
  ["normalizes as ImageNet's networks do", { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }],
  ['normalizes to -1..1 (mean and std 0.5)', { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
  ['does not normalize (0..1)', { mean: [0, 0, 0], std: [1, 1, 1] }],
  ['gives pixels as 0..255', { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] }],
  ['normalizes as CLIP does', { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] }],
];

/** All settings one step away. */
export function changesFrom(setting: Setting): Change[] {
  const { orientation, transforms, swapped } = setting;
  const { resizeSize, cropSize, interpolation, antialias, mean, std } = transforms;
  const transform = (what: string, changed: Partial<Transforms>): Change => ({
    ...{ cause: 'transform', what },
    setting: { ...setting, transforms: { ...transforms, ...changed } },
  });
  // torchvision's V1 (256 for a crop of 224), its V2 (232), and no margin.
  const sizes = [256 / 224, 232 / 224, 1].map((ratio) => Math.round(cropSize * ratio));
  const ways = ['bilinear', 'bicubic', 'nearest'] as const;
  const same = (of: Pick<Transforms, 'mean' | 'std'>) =>
    [...of.mean, ...of.std].every((v, i) => Math.abs(v - ([...mean, ...std][i] as number)) < 1e-6);
  return [
    {
      cause: 'EXIF',
      what:
        orientation === 'exif'
          ? 'leaves photos as they are stored, where we turn them upright as their EXIF data says'
          : 'turns photos upright as their EXIF data says, where we leave them as stored',
      setting: { ...setting, orientation: orientation === 'exif' ? 'none' : 'exif' },
    },
    ...sizes
      .filter((size) => size !== resizeSize)
      .map((size) => transform(`resizes to ${size}, where we resize to ${resizeSize}`, { resizeSize: size })),
    ...ways
      .filter((way) => way !== interpolation)
      .map((way) => transform(`resizes ${way}, where we resize ${interpolation}`, { interpolation: way })),
    transform(`resizes ${antialias ? 'without' : 'with'} antialiasing`, { antialias: !antialias }),
    ...NORMALIZATIONS.filter(([, of]) => !same(of)).map(([what, of]) => transform(what, of)),
    {
      cause: 'transform',
      what: `gives channels as ${swapped ? 'RGB' : 'BGR, as OpenCV reads them'}`,
      setting: { ...setting, swapped: !swapped },
    },
  ];
}

/** A step must take away this share of the difference to count. */
const WORTHWHILE = 0.15;
const MOST_STEPS = 3;

/**
 * Takes the best step, and from there the next, while each helps.
 * @param differenceWith mean difference with a setting, on a few pictures
 * @param enough a difference that needs no better one
 */
export async function findChanges(
  start: Setting,
  differenceWith: (setting: Setting) => Promise<number>,
  enough: number,
  onTried: () => void = () => undefined,
): Promise<Finding> {
  const before = await differenceWith(start);
  const finding: Finding = { changes: [], before, after: before };
  let setting = start;
  while (finding.changes.length < MOST_STEPS && finding.after > enough) {
    let best: { change: Change; difference: number } | undefined;
    for (const change of changesFrom(setting)) {
      if (finding.changes.some(({ what }) => what === change.what)) continue;
      const difference = await differenceWith(change.setting);
      onTried();
      if (difference < (best?.difference ?? Number.POSITIVE_INFINITY)) best = { change, difference };
    }
    if (best === undefined || best.difference > finding.after * (1 - WORTHWHILE)) break;
    finding.changes.push(best.change);
    finding.after = best.difference;
    setting = best.change.setting;
  }
  return finding;
}
