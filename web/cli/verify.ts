/**
 * `resnet50-wasm verify`: logits of the user's own PyTorch network beside ours, and the likely cause where they differ.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fault } from '../base/check.js';
import { describe, ResNet50Error } from '../base/errors.js';
import { mergeTransforms } from '../base/transforms.js';
import type { Setting } from '../convert/causes.js';
import { deviationOf, differenceOf, meanRms } from '../convert/compare.js';
import { pictureIn } from '../convert/labeled.js';
import { type Reference, readReference } from '../convert/reference.js';
import type { ResNet50 } from '../index.node.js';
import { argmax } from '../weights/measures.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { loadWithProgress } from './load.js';
import { loadFloat } from './load-float.js';
import { HEAD_OPTION, IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { text, UsageError, type Values } from './options.js';
import { complain, print, printJson, progressBar, shortly, table } from './terminal.js';
import { agrees, byRms, type Cause, type Compared, causesOf, type Run } from './verify-causes.js';
import { logitsWith } from './verify-settings.js';

const OPTIONS = {
  reference: { type: 'string', short: 'r', value: 'FILE', help: 'names of pictures and logits' },
  images: {
    ...{ type: 'string', value: 'DIR' },
    help: 'where the pictures are  [the folder that FILE names, the current folder, or that of FILE]',
  },
  json: { type: 'boolean', help: 'everything as JSON' },
  ...MODEL_OPTIONS,
  precision: {
    ...MODEL_OPTIONS.precision,
    help: 'int8 or f32  [f32 if the weights have it: int8 cannot tell small differences from its own rounding]',
  },
  ...HEAD_OPTION,
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm verify`. */
export const VERIFY: Command = {
  name: 'verify',
  usage: '--reference FILE [options]',
  summary: 'compare with the logits of your own PyTorch network',
  text: `Compares this network with your own in PyTorch: FILE holds names of pictures and the logits that your network gave
them, as .npz or .safetensors. docs/trust.md has the lines of Python that write it. Prints how often both name the same
class, the differences in units of the logits' standard deviation, the worst pictures and a verdict. If the two do not
agree, other ways to prepare pictures are tried to find the likely cause: transforms, EXIF, the order of classes, or the
checkpoint.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm verify --reference logits.npz --weights ./mine', 'the verdict, and the likely cause if it is no'],
    ['resnet50-wasm verify --reference logits.npz --images photos/ --weights ./mine --json', 'the same for programs'],
  ],
  environment: MODEL_VARIABLES,
  status: '0 if both agree on all pictures, 1 if not.',
  run: verify,
};

async function verify(values: Values, positionals: string[]): Promise<number> {
  const file = text(values, 'reference');
  if (file === undefined || positionals.length > 0)
    throw new UsageError('name the file of your logits with --reference (resnet50-wasm verify --help)');
  const reference = await readReference(file);
  const folder = folderOf(file, reference, text(values, 'images'));
  const options = loadOptions(values);
  const model = (options.precision === undefined && (await loadFloat(options))) || (await loadWithProgress(options));
  try {
    const { classes, transforms, precision } = model.info();
    if (classes !== reference.classes) {
      const why = `has ${reference.classes} logits per picture, but the network has ${classes} classes: name its weights with --weights`;
      throw fault(file, why);
    }
    const { orientation = 'exif', background = null, transforms: given } = imageOptions(values);
    const setting: Setting = { orientation, transforms: mergeTransforms(transforms, given), swapped: false };
    const run = (of: ResNet50, path: string, how: Setting) => logitsWith(of, path, how, background);
    const { compared, failed } = await compareAll(model, reference, folder, setting, run);
    const agreed = agrees(compared, precision);
    // The few that could be read say little of why the two differ.
    const causes = isMost(failed, compared) ? [] : await causesOf(model, compared, setting, run, agreed, options);
    const verdict = agreed && causes.length === 0;
    const facts = { reference: file, weights: model.weights.name, precision, folder, ...summary(compared), failed };
    const result = { ...facts, agreed: verdict, causes, worst: worstOf(compared, model) };
    if (values.json) printJson(result, 2);
    else print(`${shown(result)}\n`);
    return verdict && failed.length === 0 ? 0 : 1;
  } finally {
    await model.dispose();
  }
}

/** True if more pictures could not be read than could. */
const isMost = (failed: readonly unknown[], compared: readonly unknown[]): boolean => failed.length > compared.length;

type Failure = { file: string; code: string; message: string };

/** The first folder that has one of the pictures. */
function folderOf(file: string, { names, folder }: Reference, given: string | undefined): string {
  const folders = given === undefined ? [...(folder === null ? [] : [folder]), '.', dirname(file)] : [given];
  const has = (at: string) => names.slice(0, 20).some((name) => existsSync(pictureIn(at, name)));
  const found = folders.find(has);
  if (found !== undefined) return found;
  throw new ResNet50Error(
    'FILE_NOT_FOUND',
    `${file} names pictures such as ${names[0]}, which are not in ${folders.join(', ')}: name their folder with --images`,
    { subject: file },
  );
}

async function compareAll(
  model: ResNet50,
  { names, rows }: Reference,
  folder: string,
  setting: Setting,
  run: Run,
): Promise<{ compared: Compared[]; failed: Failure[] }> {
  const progress = progressBar('pictures');
  const deviation = deviationOf(rows);
  const [compared, failed]: [Compared[], Failure[]] = [[], []];
  for (const [i, name] of names.entries()) {
    const path = pictureIn(folder, name);
    const reference = rows[i] as Float64Array;
    try {
      const row = await run(model, path, setting);
      compared.push({ file: name, path, reference, row, ...differenceOf(row, reference, deviation) });
    } catch (error) {
      if (!(error instanceof ResNet50Error)) throw error;
      failed.push({ file: name, code: error.code, message: describe(error) });
      complain(`left out: ${describe(error)}`);
    }
    progress.update((i + 1) / names.length, `${i + 1} of ${names.length}`);
  }
  progress.done();
  if (compared.length > 0) return { compared, failed };
  throw fault(folder, `holds no picture of the reference that could be read: ${failed[0]?.message}`);
}

function summary(compared: readonly Compared[]) {
  const largest = compared.reduce((most, { largest }) => Math.max(most, largest), 0);
  const same = compared.filter(({ agrees }) => agrees).length;
  return {
    pictures: compared.length,
    classes: compared[0]?.reference.length ?? 0,
    agreement: Number(((100 * same) / compared.length).toFixed(2)),
    meanDifference: meanRms(compared),
    largestDifference: largest,
  };
}

function worstOf(compared: readonly Compared[], model: ResNet50) {
  const label = (index: number): string => model.weights.categories?.[index]?.label ?? `class ${index}`;
  return byRms(compared)
    .slice(0, 10)
    .map(({ file, rms, largest, reference, row }) => ({
      ...{ file, difference: rms, largest },
      ...{ ours: label(argmax(row)), theirs: label(argmax(reference as unknown as Float32Array)) },
    }));
}

type Result = ReturnType<typeof summary> & {
  reference: string;
  weights: string | null;
  precision: string;
  failed: Failure[];
  agreed: boolean;
  causes: Cause[];
  worst: ReturnType<typeof worstOf>;
};

function shown(result: Result): string {
  const { reference, weights, precision, pictures, classes, agreement, worst, failed, agreed, causes } = result;
  const facts = [
    ['same class', `${agreement.toFixed(2)}% of ${pictures} pictures`],
    ['mean difference', shortly(result.meanDifference)],
    ['largest difference', shortly(result.largestDifference)],
  ];
  const rows = worst.map(({ file, difference, ours, theirs }) => [
    `  ${file}`,
    shortly(difference),
    ours === theirs ? ours : `ours: ${ours}, reference: ${theirs}`,
  ]);
  const lines = causes.flatMap(({ cause, what, remedy }) => [
    `  likely cause: ${cause}: ${what}`,
    `  remedy: ${remedy}`,
  ]);
  const doubt =
    precision === 'int8' ? " (within int8's own rounding; 'convert --precision both' allows a sharper comparison)" : '';
  const few = failed.length > pictures ? ', more than could: no cause of differences was looked for' : '';
  return [
    `${reference}: ${pictures} pictures, ${classes} classes; ${weights ?? 'random'} in ${precision}`,
    `${table(facts)}\n(differences of logits, in standard deviations of the reference's)`,
    `worst pictures\n${table(rows)}`,
    ...(failed.length === 0 ? [] : [`${failed.length} pictures could not be read${few}`]),
    agreed ? `verdict: agreed${doubt}` : ['verdict: not agreed', ...lines].join('\n'),
  ].join('\n\n');
}
