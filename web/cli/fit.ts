/**
 * `resnet50-wasm fit`: a head of the user's own from folders of pictures, one a class.
 */

import { describe } from '../base/errors.js';
import { isStandardOutput } from '../base/write.node.js';
import { type LabeledPhoto, pictureInput, readFolder } from '../convert/labeled.js';
import type { Example, FitOptions, FitReport, ResNet50, Score } from '../index.node.js';
import { IMAGE_OPTIONS, imageOptions, loadOptions, loadWithProgress, MODEL_OPTIONS, print } from './classify.js';
import { choice, number, parse, UsageError, type Values } from './options.js';
import { neededOut, openResult } from './results.js';
import { complain, note, printJson, progressBar, shown } from './terminal.js';
import { IMAGE_HELP } from './transforms.js';

const HELP = `Usage: resnet50-wasm fit FOLDER --out head.safetensors [options]

Trains a classifier of your own on the network's features. FOLDER holds a folder of
pictures (JPEG, PNG, BMP) for each class, named after it, or a labels.json: docs/trust.md.
A picture that cannot be read is left out. 'resnet50-wasm classify PICTURE --head head.safetensors' uses what was trained.

  --out FILE              the .safetensors file
  --method M              head: softmax regression, as scikit-learn's LogisticRegression;
                          knn: the most alike pictures vote, for one to five a class  [head]
  --l2 X                  weight of the penalty, 1 / C of scikit-learn
                          [100 times the mean variance of the features]
  --hold-out SHARE        pictures of each class to keep from training and judge by, 0 to 0.9
                          [0.2 where each class has five pictures, else 0]
  --epochs N              at most  [300; it ends by itself before]
  --patience N            epochs without improvement before it ends  [10]
  --seed N                decides which pictures are held out  [0]
  -k N                    for knn: how many vote  [5]
  --json                  the report as JSON
  --weights NAME          IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT, a variant you converted,
                          or a folder with manifest.json  [DEFAULT]
  --weights-dir DIR       look for weights in DIR first  [$RESNET50_WEIGHTS_DIR]
  --download              get the weights NAME if they are not there (minutes)
  --precision P           int8 or f32  [int8]
  --threads N             [as many as help]
${IMAGE_HELP}
Exit status: 0, or 1 if a picture could not be read (it learnt from the others).
`;

const OPTIONS = {
  out: { type: 'string', short: 'o' },
  method: { type: 'string' },
  l2: { type: 'string' },
  'hold-out': { type: 'string' },
  epochs: { type: 'string' },
  patience: { type: 'string' },
  seed: { type: 'string' },
  k: { type: 'string', short: 'k' },
  json: { type: 'boolean' },
  ...MODEL_OPTIONS,
  ...IMAGE_OPTIONS,
} as const;

/** Runs the command; resolves to the exit status. */
export async function fitCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('fit', args, OPTIONS);
  if (values.help) return print(HELP);
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError('name one FOLDER (resnet50-wasm fit --help)');
  const out = neededOut('fit', values);
  const options = fitOptions(values);
  const { photos, notes } = await readFolder(folder);
  for (const what of notes) complain(`${folder}: ${what}`);
  const file = await openResult('out', out);
  let model: ResNet50 | undefined;
  try {
    model = await loadWithProgress(loadOptions(values));
    const { examples, failures } = await embedAll(model, photos, values);
    const report = await train(model, examples, options);
    await file.write(await model.save(), 0);
    await file.commit();
    if (await isStandardOutput(out)) note(summaryOf(report, out));
    else if (values.json) printJson(report, 2);
    else print(`${summaryOf(report, out)}\n`);
    return failures === 0 ? 0 : 1;
  } finally {
    await file.abandon();
    await model?.dispose();
  }
}

/** Only what was given: each method has options of its own. */
function fitOptions(values: Values): FitOptions {
  const given = {
    method: choice(values, 'method', ['head', 'knn']),
    l2: number(values, 'l2', 0, Number.MAX_VALUE, false),
    holdOut: number(values, 'hold-out', 0, 0.9, false),
    epochs: number(values, 'epochs', 1, 1_000_000),
    patience: number(values, 'patience', 1, 1_000_000),
    seed: number(values, 'seed', 0, 2 ** 32 - 1),
    k: number(values, 'k', 1, 1_000_000),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function embedAll(
  model: ResNet50,
  photos: readonly LabeledPhoto<number | string>[],
  values: Values,
): Promise<{ examples: Example[]; failures: number }> {
  const progress = progressBar('pictures');
  const options = imageOptions(values);
  const examples: Example[] = [];
  let failures = 0;
  for (const [i, { path, label }] of photos.entries()) {
    try {
      examples.push({ label: String(label), embedding: await model.embed(await pictureInput(path), options) });
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
  const progress = process.stderr.isTTY ? progressBar('training') : undefined;
  const most = options.epochs ?? 300;
  try {
    return await model.fit(examples, {
      ...options,
      onProgress(event) {
        if (event.phase !== 'training') return;
        progress?.update(event.epoch / most, `epoch ${event.epoch}, ${scored(event.heldOut ?? event.trained)}`);
      },
    });
  } finally {
    progress?.done();
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const scored = ({ loss, accuracy }: Score): string => `${percent(accuracy)} right, loss ${loss.toFixed(3)}`;

function summaryOf({ method, classes, examples, bestEpoch, trained, heldOut }: FitReport, out: string): string {
  const lines = [shown`${out}: ${classes.length} classes (${classes.join(', ')})`];
  if (method === 'knn') return [...lines, `${examples.trained} pictures vote`].join('\n');
  if (trained !== null) lines.push(`trained on ${examples.trained} pictures, ${bestEpoch} epochs: ${scored(trained)}`);
  if (heldOut !== null) lines.push(`held out ${examples.heldOut} pictures: ${scored(heldOut)}`);
  return lines.join('\n');
}
