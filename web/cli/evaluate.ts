/**
 * `resnet50-wasm evaluate`: how right a network is on labeled pictures, in int8 and float32 where both are there.
 */
import { describe, ResNet50Error } from '../base/errors.js';
import { isStandardOutput } from '../base/write.node.js';
import { type LabeledPhoto, pictureInput, readLabeled } from '../convert/labeled.js';
import {
  type Answer,
  agreementOf,
  type Evaluation,
  MEASURES,
  type Run,
  ranked,
  scoresOf,
  twoClasses,
  worstOf,
} from '../convert/scores.js';
import type { ClassifyOptions, LoadOptions, Pool, ResNet50 } from '../index.node.js';
import type { Category } from '../weights/manifest.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { JOBS_OPTIONS, jobsOf, openPool } from './jobs.js';
import { unlessMissing } from './load-float.js';
import { HEAD_OPTION, IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { UsageError, type Values } from './options.js';
import { openResult, resultPath } from './results.js';
import { complain, note, print, printJson, progressBar, table } from './terminal.js';

const OPTIONS = {
  report: {
    ...{ type: 'string', value: 'FILE.html' },
    help: 'also a report as one HTML file: confusion matrix, and the pictures that were got wrong',
  },
  json: { type: 'boolean', help: 'everything as JSON' },
  ...MODEL_OPTIONS,
  precision: { ...MODEL_OPTIONS.precision, help: 'int8 or f32 only  [both, if the weights have both]' },
  ...HEAD_OPTION,
  ...JOBS_OPTIONS,
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm evaluate`. */
export const EVALUATE: Command = {
  name: 'evaluate',
  usage: 'DIR [options]',
  summary: 'accuracy on labeled pictures, with a report',
  text: `Measures a network on labeled pictures: top-1 and top-5, the accuracy of each class, the classes that it confuses,
and the pictures that it is most wrong about. int8 and float32 stand side by side if the weights have both ('convert
--precision both').

DIR holds a folder of pictures for each class, as torchvision's ImageFolder has it, or a labels.json ([{ "file", "label" }],
or an object from file to label). Classes are those of the network by name (label or WordNet id), else by order: see
docs/trust.md.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm evaluate val/ --weights ./mine --report report.html', 'figures, and a report to look at'],
    ['resnet50-wasm evaluate val/ --head head.safetensors --json > figures.json', "what 'fit' has trained"],
  ],
  environment: MODEL_VARIABLES,
  status: '0, or 1 if a picture could not be read (the others count).',
  run: evaluateFolder,
};

async function evaluateFolder(values: Values, positionals: string[]): Promise<number> {
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError('name one DIR (resnet50-wasm evaluate --help)');
  const report = resultPath(values, 'report');
  const images = imageOptions(values);
  const options = loadOptions(values);
  const file = report === undefined ? undefined : await openResult('report', report);
  try {
    const jobs = jobsOf(values, options);
    const evaluation = await evaluate((own) => openPool(own, jobs), folder, options, images);
    for (const what of evaluation.notes) complain(`${folder}: ${what}`);
    if (file !== undefined) {
      const { reportOf } = await import('./report.js');
      await file.write(new TextEncoder().encode(await reportOf(evaluation, options, images)), 0);
      await file.commit();
    }
    if (report !== undefined && (await isStandardOutput(report))) note(shown(evaluation));
    else if (values.json) printJson(plain(evaluation), 2);
    else print(`${shown(evaluation)}\n`);
    return evaluation.failed.length === 0 ? 0 : 1;
  } finally {
    await file?.abandon();
  }
}

async function evaluate(
  open: (options: LoadOptions) => Promise<Pool<ResNet50>>,
  folder: string,
  options: LoadOptions,
  images: ClassifyOptions,
): Promise<Evaluation> {
  const pool = await open(options);
  let second: Pool<ResNet50> | undefined;
  const failed: Evaluation['failed'] = [];
  try {
    const { categories, weights } = factsOf(pool);
    const { photos, by, notes } = await readLabeled(folder, categories);
    const runs = [await runOver(pool, photos, images, failed)];
    if (options.precision === undefined && runs[0]?.precision === 'int8') {
      await pool.dispose();
      second = await unlessMissing(open({ ...options, precision: 'f32' }));
    }
    if (runs[0]?.answers.length === 0) {
      const [first] = failed;
      throw new ResNet50Error('INVALID_ARGUMENT', `${folder} holds no picture that could be read: ${first?.message}`, {
        subject: folder,
      });
    }
    if (second !== undefined) {
      const readable = new Set(runs[0]?.answers.map(({ path }) => path));
      runs.push(
        await runOver(
          second,
          photos.filter(({ path }) => readable.has(path)),
          images,
          failed,
        ),
      );
    }
    const agreement = runs.length === 2 ? agreementOf((runs[0] as Run).answers, (runs[1] as Run).answers) : null;
    return { folder, weights, categories, by, notes, runs, agreement, failed };
  } finally {
    await pool.dispose();
    await second?.dispose();
  }
}

function factsOf(model: Pool<ResNet50>): { categories: readonly Category[]; weights: string } {
  const { categories, name } = model.weights;
  const { classes } = model.info();
  const own = categories ?? Array.from({ length: classes }, (_, i) => ({ label: `class ${i}` }));
  return { categories: twoClasses(own), weights: name ?? 'random' };
}

/** Classifies all photos; what cannot be read joins `failed`. */
async function runOver(
  pool: Pool<ResNet50>,
  photos: readonly LabeledPhoto[],
  options: ClassifyOptions,
  failed: Evaluation['failed'],
): Promise<Run> {
  const { precision, classes, activation } = pool.info();
  // Mistakes are ordered and shown by probability.
  const scores = classes === 1 ? 'sigmoid' : activation === 'none' ? 'softmax' : activation;
  const progress = progressBar(precision);
  const answers: Answer[] = [];
  const wish = { ...options, activation: scores, topK: Number.POSITIVE_INFINITY } as const;
  const work = async (model: ResNet50, { path }: LabeledPhoto) => model.classify(await pictureInput(path), wish);
  for await (const { index, image, ...result } of pool.each(photos, work)) {
    const { path, file, label } = image;
    if (result.status === 'fulfilled') {
      const all = ranked(result.value, classes);
      const rank = all.findIndex((one) => one.index === label);
      const best = all.slice(0, 5);
      answers.push({ file, path, label, best, rank, score: all[rank]?.score ?? 0 });
    } else {
      const { reason } = result;
      if (!(reason instanceof ResNet50Error)) throw reason;
      const message = describe(reason);
      failed.push({ file, code: reason.code, message: message.includes(file) ? message : `${file}: ${message}` });
      complain(`left out: ${failed.at(-1)?.message}`);
    }
    progress.update((index + 1) / photos.length, `${index + 1} of ${photos.length}`);
  }
  progress.done();
  return { precision, answers, scores: scoresOf(answers) };
}

const percent = (share: number): string => `${share.toFixed(2)}%`;
/** How many rows a list on the terminal has at most. */
const ROWS = 10;

function shown(evaluation: Evaluation): string {
  const { folder, weights, categories, by, runs, agreement, failed } = evaluation;
  const [first] = runs as [Run];
  const { pictures, classes, confusions } = first.scores;
  const name = (index: number): string => categories[index]?.label ?? 'nothing';
  const failures = failed.length === 0 ? '' : `, ${failed.length} could not be read`;
  const perClass = [...classes].sort((a, b) => a.accuracy - b.accuracy).slice(0, classes.length > 20 ? ROWS : 20);
  const rightIn = ({ scores }: Run, index: number) => scores.classes.find((c) => c.index === index)?.accuracy ?? 0;
  const worst = worstOf(first.answers).slice(0, ROWS);
  const sections = [
    `${folder}: ${pictures} pictures of ${classes.length} classes${failures}\n${weights}: ${categories.length} classes, found by ${by}`,
    table([
      ['', ...runs.map(({ precision }) => precision)],
      ...(['top1', 'top5', 'balanced'] as const)
        .filter((key) => key !== 'top5' || categories.length > 5)
        .map((key) => [MEASURES[key], ...runs.map(({ scores }) => percent(scores[key]))]),
    ]) + (agreement === null ? '' : `\nint8 and f32 name the same class for ${percent(agreement)} of the pictures`),
    table([
      [perClass.length < classes.length ? 'lowest classes' : 'class', 'pictures', ...runs.map((run) => run.precision)],
      ...perClass.map(({ index, pictures: n }) => [
        name(index),
        String(n),
        ...runs.map((run) => percent(rightIn(run, index))),
      ]),
    ]),
    listed(
      'most confused',
      confusions.slice(0, ROWS).map((c) => [String(c.pictures), `${name(c.label)} taken for ${name(c.taken)}`]),
    ),
    listed(
      'worst pictures',
      worst.map(({ file, label, best: [top] }) => [
        file,
        `${name(label)} taken for ${name(top?.index ?? -1)}, ${percent((top?.score ?? 0) * 100)}`,
      ]),
    ),
  ];
  return sections.filter(Boolean).join('\n\n');
}

const listed = (title: string, rows: string[][]): string =>
  rows.length === 0 ? '' : `${title}\n${table(rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]))}`;

/** For --json: names instead of indices where people look, and every picture that was got wrong. */
function plain({ categories, runs, ...facts }: Evaluation): unknown {
  const name = (index: number) => categories[index]?.label ?? null;
  const mistake = ({ file, label, best, rank, score }: Answer) => ({
    ...{ file, label: name(label), taken: name(best[0]?.index ?? -1), score: best[0]?.score ?? 0 },
    ...{ rank, labelScore: score },
  });
  const run = ({ precision, answers, scores }: Run) => ({
    precision,
    ...scores,
    classes: scores.classes.map((c) => ({ ...c, label: name(c.index) })),
    confusions: scores.confusions.map((c) => ({ ...c, label: name(c.label), taken: name(c.taken) })),
    wrong: worstOf(answers).map(mistake),
  });
  return { ...facts, runs: runs.map(run) };
}
