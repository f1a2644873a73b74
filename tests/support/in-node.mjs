// What Node makes of the same package and weights: the bits that browsers, bundlers and runtimes must give too. Each is
// computed once per process.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { finetuned, hashOf, hashOfHead } from '../browser/pages/tools.mjs';
import { prepared } from './prepared.mjs';

const { packageFolder, weightsFolder, pictures } = prepared;
const known = new Map();

/** Loads a model for one use. */
async function withModel(options, use) {
  const { ResNet50 } = await import(pathToFileURL(join(packageFolder, 'dist', 'index.node.js')).href);
  const model = await ResNet50.load({ weights: join(weightsFolder, 'pqf'), ...options });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** Logits of pictures: SHA-256 of each row by file name. */
export async function logitsInNode(files, options = {}) {
  const key = (file) => JSON.stringify([file, options]);
  const unknown = files.filter((file) => !known.has(key(file)));
  if (unknown.length > 0)
    await withModel(options, async (model) => {
      for (const file of unknown) known.set(key(file), await hashOf(await model.logits(join(pictures, file))));
    });
  return Object.fromEntries(files.map((file) => [file, known.get(key(file))]));
}

/** A head (pages/tools.mjs) trained on pictures: SHA-256 of the saved file. */
export const headInNode = (files) =>
  withModel({}, (model) =>
    hashOfHead(
      model,
      files.map((file) => join(pictures, file)),
    ),
  );

/** Transforms for pictures of 64 pixels: fine-tuning is quick then. */
export const SMALL = { resizeSize: 64, cropSize: 64 };

/** What tools.mjs's `finetuned` gives on one thread. */
export const finetunedInNode = () =>
  withModel({ threads: 1, transforms: SMALL }, async (model) => (await finetuned(model)).hash);
