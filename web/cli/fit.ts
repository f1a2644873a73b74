/**
 * `resnet50-wasm fit`: a head of the user's own from folders of pictures, one a class.
 */

import { describe } from '../base/errors.js';
import { isStandardOutput } from '../base/write.node.js';
import { type LabeledPhoto, pictureInput, readFolder } from '../convert/labeled.js';
import type {
  Example,
  FinetuneReport,
  FitOptions,
  FitProgress,
  FitReport,
  ImageOptions,
  ResNet50,
  Score,
} from '../index.node.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { type Fitted, openHead, openNetwork } from './fit-results.js';
import { loadWithProgress } from './load.js';
import { IMAGE_OPTIONS, imageOptions, loadOptions, MODEL_OPTIONS } from './model-options.js';
import { choice, number, UsageError, type Values } from './options.js';
import { neededOut } from './results.js';
import { complain, note, type Progress, print, printJson, progressBar, shown } from './terminal.js';

const UNFREEZE = ['fc', 'layer4'] as const;

const OPTIONS = {
  out: { type: 'string', short: 'o', value: 'FILE', help: 'the .safetensors file; with --unfreeze layer4 a folder' },
  method: {
    ...{ type: 'string', value: 'M', words: ['head', 'knn'] },
    help: "head: softmax regression, as scikit-learn's LogisticRegression; knn: the most alike pictures vote, for one to five per class  [head]",
  },
  unfreeze: {
    ...{ type: 'string', value: 'STAGE', words: UNFREEZE },
    help: 'what is trained: fc, the classifier; or layer4, the last stage too, for hundreds of pictures per class (minutes)  [fc]',
  },
  l2: {
    ...{ type: 'string', value: 'X' },
    help: 'weight of the penalty, 1 / C of scikit-learn  [100 times the mean variance of the features]',
  },
  'hold-out': {
    ...{ type: 'string', value: 'SHARE' },
    help: 'pictures of each class to keep from training and judge by, 0 to 0.9  [0.2 where each class has five pictures, else 0]',
  },
  epochs: { type: 'string', value: 'N', help: 'at most  [300, it ends by itself before; for layer4 8]' },
  patience: { type: 'string', value: 'N', help: 'epochs without improvement before it ends  [10; for layer4 3]' },
  seed: { type: 'string', value: 'N', help: 'decides which pictures are held out  [0]' },
  k: { type: 'string', short: 'k', value: 'N', help: 'for knn: how many vote  [5]' },
  'batch-size': { type: 'string', value: 'N', help: 'for layer4: pictures per step, 1 to 256  [16]' },
  rate: {
    type: 'string',
    value: 'X',
    help: 'for layer4: how far the first steps go, relative to the weights  [0.003]',
  },
  'no-augment': { type: 'boolean', help: 'for layer4: without mirrored and cropped copies' },
  'label-smoothing': {
    ...{ type: 'string', value: 'SHARE' },
    help: 'for layer4: share of a label that is spread over all classes, 0 to 0.5  [0]',
  },
  json: { type: 'boolean', help: 'the report as JSON' },
  ...MODEL_OPTIONS,
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm fit`. */
export const FIT: Command = {
  name: 'fit',
  usage: 'FOLDER --out head.safetensors [options]',
  summary: 'train a classifier of your own on labeled pictures',
  text: `Trains a classifier of your own on the network's features. FOLDER holds a folder of pictures (JPEG, PNG, BMP) for
each class, named after it, or a labels.json: docs/trust.md. A picture that cannot be read is left out.

With --unfreeze layer4 the last stage of the network is trained too, and --out is a folder for the weights of the whole
network, for --weights.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm fit photos/ --out head.safetensors', 'a classifier from photos/cat/*.jpg, photos/dog/*.jpg'],
    ['resnet50-wasm classify new/ --head head.safetensors', 'what it says of other pictures'],
    ['resnet50-wasm fit photos/ --method knn --out head.safetensors', 'from one to five pictures per class'],
    ['resnet50-wasm fit photos/ --unfreeze layer4 --out ./mine', 'fine-tuned; then: classify new/ --weights ./mine'],
  ],
  environment: MODEL_VARIABLES,
  status: '0, or 1 if a picture could not be read (it learned from the others).',
  run: fit,
};

async function fit(values: Values, positionals: string[]): Promise<number> {
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError('name one FOLDER (resnet50-wasm fit --help)');
  const out = neededOut('fit', values);
  const options = fitOptions(values);
  const finetunes = options.unfreeze?.includes('layer4') === true;
  const { photos, notes } = await readFolder(folder);
  for (const what of notes) complain(`${folder}: ${what}`);
  const fitted: Fitted = await (finetunes ? openNetwork(out) : openHead(out));
  let model: ResNet50 | undefined;
  try {
    model = await loadWithProgress(loadOptions(values));
    const { examples, failures } = await collect(model, photos, values, finetunes ? withPicture : withEmbedding);
    const report = await train(model, examples, options);
    await fitted.save(model);
    if (!finetunes && (await isStandardOutput(out))) note(summaryOf(report, out));
    else if (values.json) printJson(report, 2);
    else print(`${summaryOf(report, out)}\n`);
    return failures === 0 ? 0 : 1;
  } finally {
    await fitted.abandon();
    await model?.dispose();
  }
}

/** Only what was given: each method has options of its own. */
function fitOptions(values: Values): FitOptions {
  const given = {
    method: choice(values, 'method', ['head', 'knn']),
    unfreeze: choice(values, 'unfreeze', UNFREEZE) === 'layer4' ? ['layer4', 'fc'] : undefined,
    l2: number(values, 'l2', 0, Number.MAX_VALUE, false),
    holdOut: number(values, 'hold-out', 0, 0.9, false),
    epochs: number(values, 'epochs', 1, 1_000_000),
    patience: number(values, 'patience', 1, 1_000_000),
    seed: number(values, 'seed', 0, 2 ** 32 - 1),
    k: number(values, 'k', 1, 1_000_000),
    batchSize: number(values, 'batch-size', 1, 256),
    rate: number(values, 'rate', 0, 1, false),
    augment: values['no-augment'] ? false : undefined,
    labelSmoothing: number(values, 'label-smoothing', 0, 0.5, false),
  };
  if (given.method === 'knn' && given.unfreeze !== undefined)
    throw new UsageError('--unfreeze layer4 and --method knn exclude each other: nothing is trained for knn');
  for (const name of ['batch-size', 'rate', 'no-augment', 'label-smoothing'])
    if (values[name] !== undefined && given.unfreeze === undefined)
      throw new UsageError(`--${name} is for --unfreeze layer4`);
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What training needs of a picture. */
type Prepare = (
  model: ResNet50,
  image: string | Uint8Array<ArrayBuffer>,
  options: ImageOptions,
) => Promise<Omit<Example, 'label'>>;

const withEmbedding: Prepare = async (model, image, options) => ({ embedding: await model.embed(image, options) });

/** The picture itself, once it is known that it can be read: one that cannot would end the training. */
const withPicture: Prepare = async (model, image, options) => {
  await model.preprocess(image, options);
  return { image };
};

async function collect(
  model: ResNet50,
  photos: readonly LabeledPhoto<number | string>[],
  values: Values,
  prepare: Prepare,
): Promise<{ examples: Example[]; failures: number }> {
  const progress = progressBar('pictures');
  const options = imageOptions(values);
  const examples: Example[] = [];
  let failures = 0;
  for (const [i, { path, label }] of photos.entries()) {
    try {
      examples.push({ label: String(label), ...(await prepare(model, await pictureInput(path), options)) });
    } catch (error) {
      failures++;
      const message = describe(error);
      complain(`left out: ${message.includes(path) ? message : `${path}: ${message}`}`);
    }
    progress.update((i + 1) / photos.length, `${i + 1} of ${photos.length}`);
  }
  progress.done();
  return { examples, failures };
}

async function train(model: ResNet50, examples: readonly Example[], options: FitOptions): Promise<FitReport> {
  const view = trainingView(options.epochs);
  try {
    return await model.fit(examples, { ...options, onProgress: view.show });
  } finally {
    view.end();
  }
}

/** A bar for each phase: the classifier's takes seconds and is for terminals only. */
function trainingView(most = 0): { show(event: FitProgress): void; end(): void } {
  let [title, progress]: [string, Progress | undefined] = ['', undefined];
  const update = (wanted: string, fraction: number, what: string) => {
    if (wanted !== title) {
      progress?.done();
      [title, progress] = [wanted, progressBar(wanted)];
    }
    progress?.update(fraction, what);
  };
  const show = (event: FitProgress): void => {
    if (event.phase === 'finetuning') {
      const { epoch, batch, batches, trained, heldOut } = event;
      update('layer4', (epoch + batch / batches) / (most || 8), `epoch ${epoch + 1}, ${scored(heldOut ?? trained)}`);
    } else if (event.phase === 'training' && process.stderr.isTTY) {
      const { epoch, heldOut, trained } = event;
      update('classifier', epoch / (most || 300), `epoch ${epoch}, ${scored(heldOut ?? trained)}`);
    } else if (event.phase === 'embedding' && event.total > 0) {
      update('features', event.done / event.total, `${event.done} of ${event.total}`);
    }
  };
  return { show, end: () => progress?.done() };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const scored = ({ loss, accuracy }: Score): string => `${percent(accuracy)} right, loss ${loss.toFixed(3)}`;

function summaryOf(report: FitReport, out: string): string {
  const { method, classes, examples, bestEpoch, trained, heldOut, finetuned } = report;
  const lines = [shown`${out}: ${classes.length} classes (${classes.join(', ')})`];
  if (method === 'knn') return [...lines, `${examples.trained} pictures vote`].join('\n');
  if (trained !== null) lines.push(`trained on ${examples.trained} pictures, ${bestEpoch} epochs: ${scored(trained)}`);
  if (heldOut !== null) lines.push(`held out ${examples.heldOut} pictures: ${scored(heldOut)}`);
  if (finetuned?.bestEpoch === 0) lines.push('layer4: no epoch did better than the classifier alone, which counts');
  else if (finetuned !== undefined) lines.push(layer4Line(finetuned));
  return lines.join('\n');
}

const layer4Line = ({ bestEpoch, epochs, heldOut, trained }: FinetuneReport): string => {
  const score = heldOut ?? trained;
  const result = score === null ? '' : `: ${heldOut === null ? '' : 'of those held out '}${scored(score)}`;
  return `layer4: epoch ${bestEpoch} of ${epochs} counts${result}`;
};
