/**
 * `resnet50-wasm weights`: torchvision's variants, fetched, converted and put where `load` looks; the package's own, copied.
 */
import { join, resolve } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import { installFolder } from '../base/files.node.js';
import { packagedFolder } from '../base/package-files.node.js';
import { metaOf } from '../conversion/settings.js';
import { findCheckpoint, isInstalled } from '../convert/get-weights.js';
import { checkVariantFolder, readInstalled, readShards, replaceVariant } from '../convert/replace-folder.js';
import type { Precision } from '../weights/manifest.js';
import { getWeight, ResNet50_Weights, type Weights } from '../weights/registry.js';
import { listWeights, PACKAGED_NAME } from '../weights/variants.js';
import type { Command, Options } from './command.js';
import { CONVERSION_OPTIONS, conversionSettings, convertWithProgress } from './convert.js';
import { text, UsageError, type Values } from './options.js';
import { resultPath } from './results.js';
import { amount, complain, note, type Progress, print, printJson, progressBar, shown, table } from './terminal.js';

const OPTIONS = {
  out: { type: 'string', short: 'o', value: 'DIR', help: 'put DIR/NAME there instead (to publish it with a web page)' },
  json: { type: 'boolean', help: 'list as JSON: name, installed precisions, folder' },
  checkpoints: {
    ...{ type: 'string', value: 'DIR' },
    help: "folder with the .pth files, or the address of a mirror  [$RESNET50_CHECKPOINTS, else torchvision's site]",
  },
  force: { type: 'boolean', help: 'convert anew even if it is there' },
  ...CONVERSION_OPTIONS,
} as const satisfies Options;

/** `resnet50-wasm weights`. */
export const WEIGHTS: Command = {
  name: 'weights',
  usage: '[NAMES...] [options]',
  summary: "get and convert torchvision's weights; list what is there",
  text: `Gets torchvision's checkpoints, converts them and puts the result where ResNet50.load looks. Without NAMES, lists the
variants and what is installed. CIFAR10_DEMO is part of the package; with --out it is copied.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm weights IMAGENET1K_V2', "ImageNet's classes, for Node.js and the shell"],
    ['resnet50-wasm weights IMAGENET1K_V2 --out public/weights', 'for a page: publish that folder with it'],
    [
      'resnet50-wasm weights CIFAR10_DEMO --out public/weights',
      'the ten classes that come with the package, for a page',
    ],
    ['resnet50-wasm weights', 'what there is, and what is installed'],
  ],
  environment: ['RESNET50_CHECKPOINTS', 'XDG_CACHE_HOME', 'NODE_USE_ENV_PROXY'],
  words: listWeights(),
  run: weights,
};

async function weights(values: Values, positionals: string[]): Promise<number> {
  const base = resolve(resultPath(values, 'out') ?? installFolder());
  if (positionals.length === 0) return listVariants(base, values.json === true);
  const settings = conversionSettings(values);
  for (const weights of new Set(positionals.map(spelled))) {
    const out = join(base, weights.name);
    const { precisions } = settings;
    if (weights.url === null && values.out === undefined) {
      note(shown`${weights.name}: is part of the package, in ${packagedFolder(weights.name)} (--out copies it)`);
      continue;
    }
    if (!values.force && (await isThere(weights.name, out, precisions))) {
      note(shown`${weights.name}: is there already, in ${out} (--force gets it anew)`);
      continue;
    }
    if (weights.url === null) {
      await copyPackaged(weights.name, out);
      continue;
    }
    await checkVariantFolder(out); // before the download
    const checkpoint = await checkpointWithProgress(weights.url, values);
    const variant = { name: weights.name, transforms: weights.transforms(), meta: metaOf(weights.name) };
    const status = await convertWithProgress({ ...settings, checkpoint, out, ...variant }, `those of ${weights.name}`);
    if (status !== 0) return status;
  }
  return 0;
}

/** True if the variant is there, whole. */
async function isThere(name: string, folder: string, precisions: readonly Precision[]): Promise<boolean> {
  const installed = await isInstalled(folder, precisions);
  if (installed === 'damaged') complain(`${name}: what is in ${folder} is incomplete or damaged: getting it anew`);
  return installed === true;
}

async function copyPackaged(name: string, out: string): Promise<void> {
  const folder = packagedFolder(name);
  const packaged = await readInstalled(folder);
  const shards = packaged && (await readShards(folder, packaged.manifest, ['int8']));
  if (packaged === undefined || shards === undefined) {
    const message = `${name}: the package's own copy in ${folder} is incomplete or damaged: install the package again`;
    throw new ResNet50Error('WEIGHTS_HASH_MISMATCH', message, { subject: folder });
  }
  await replaceVariant(out, packaged.manifest, shards, packaged.text);
  note(shown`${name}: copied to ${out}`);
}

function spelled(name: string): Weights {
  try {
    return getWeight(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** As a table, or as JSON for scripts: `installed` holds the precisions, none where the variant is not there. */
async function listVariants(base: string, json: boolean): Promise<number> {
  const variants = await Promise.all(
    listWeights().map(async (name) => {
      const folders = name === PACKAGED_NAME ? [join(base, name), packagedFolder(name)] : [join(base, name)];
      const found = await Promise.all(folders.map((folder) => readInstalled(folder).catch(() => undefined)));
      const manifests = found.map((installed) => installed?.manifest);
      const at = Math.max(0, manifests.findIndex(Boolean));
      const [folder, installed] = [folders[at], Object.keys(manifests[at]?.precisions ?? {})];
      return { name, default: ResNet50_Weights.DEFAULT.name === name, installed, folder };
    }),
  );
  if (json) return printJson(variants, 2);
  const rows = variants.map(({ name, default: isDefault, installed }) => [
    isDefault ? `${name} (DEFAULT)` : name,
    ...Object.entries(ResNet50_Weights[name].meta._metrics).map(
      ([images, measured]) => `${measured['acc@1']}% top-1 of ${images} in float32`,
    ),
    installed.length > 0 ? `installed (${installed.join(', ')})` : 'not installed',
  ]);
  return print(`${table(rows)}\n\n${shown`Folder: ${base}`}\nInstall with: resnet50-wasm weights NAME\n`);
}

/** The checkpoint, with a bar while it is downloaded. */
async function checkpointWithProgress(url: string, values: Values): Promise<string> {
  let progress: Progress | undefined;
  try {
    const path = await findCheckpoint(url, {
      checkpoints: text(values, 'checkpoints'),
      onDownload(file, from) {
        note(shown`${file}: downloading from ${from}`);
        progress = progressBar(file);
      },
      onWait: () => note('another process is downloading it: waiting'),
      onBytes: (received, total) => progress?.update(total > 0 ? received / total : 0, amount(received, total)),
    });
    progress?.done('downloaded');
    return path;
  } catch (error) {
    progress?.done();
    throw error;
  }
}
