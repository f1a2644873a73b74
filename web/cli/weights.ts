/**
 * `resnet50-wasm weights`: torchvision's variants, fetched, converted and put where `load` looks; the package's own, copied.
 */
import { cp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import { cacheFolder, installFolder } from '../base/files.node.js';
import { packagedFolder } from '../base/package-files.node.js';
import { checkpointName, downloadCheckpoint, verifyCheckpoint } from '../convert/checkpoints.js';
import { MANIFEST_FILE, type Manifest, parseManifest } from '../weights/manifest.js';
import { getWeight, ResNet50_Weights, type Weights } from '../weights/registry.js';
import { listWeights, PACKAGED_NAME } from '../weights/variants.js';
import { exists, print } from './classify.js';
import { CONVERSION_OPTIONS, conversionSettings, convertWithProgress, metaOf, QUANTIZATION_HELP } from './convert.js';
import { parse, text, UsageError, type Values } from './options.js';
import { megabytes, progressBar, table } from './terminal.js';

export const WEIGHTS_HELP = `Usage: resnet50-wasm weights [NAMES...] [options]

Gets torchvision's checkpoints, converts them and puts the result where ResNet50.load
looks. Without NAMES, lists the variants and what is installed. CIFAR10_DEMO is part of
the package; with --out it is copied.

  --json                  list as JSON: name, installed precisions, folder
  --out DIR               put DIR/NAME there instead (to publish it with a web page)
  --checkpoints DIR       folder with the .pth files  [$RESNET50_CHECKPOINTS, else they
                          are downloaded from torchvision's site]
  --force                 convert anew even if it is there
  --calibrate DIR         photos that show typical input  [generated pictures]
  --calibration-images N  how many of them  [64]
  --precision P           int8, f32 or both  [int8]
  --shard-size BYTES      longest shard  [4194304]
${QUANTIZATION_HELP}`;

const OPTIONS = {
  ...CONVERSION_OPTIONS,
  out: { type: 'string', short: 'o' },
  checkpoints: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Runs the command; resolves to the exit status. */
export async function weightsCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('weights', args, OPTIONS);
  if (values.help) return print(WEIGHTS_HELP);
  const base = resolve(text(values, 'out') ?? installFolder());
  if (positionals.length === 0) return listVariants(base, values.json === true);
  const settings = conversionSettings(values);
  for (const weights of new Set(positionals.map(spelled))) {
    const out = join(base, weights.name);
    const installed = await installedManifest(out);
    if (!values.force && installed && settings.precisions.every((p) => installed.precisions[p])) {
      process.stderr.write(`${weights.name}: is there already, in ${out} (--force converts it anew)\n`);
      continue;
    }
    if (weights.url === null) {
      await copyPackaged(weights.name, out, values.out !== undefined);
      continue;
    }
    const checkpoint = await findCheckpoint(weights.url, values);
    const variant = { name: weights.name, transforms: weights.transforms(), meta: metaOf(weights.name) };
    const status = await convertWithProgress({ ...settings, checkpoint, out, ...variant }, `those of ${weights.name}`);
    if (status !== 0) return status;
  }
  return 0;
}

async function copyPackaged(name: string, out: string, wanted: boolean): Promise<void> {
  const folder = packagedFolder(name);
  if (!wanted) {
    process.stderr.write(`${name}: is part of the package, in ${folder} (--out copies it)\n`);
    return;
  }
  await cp(folder, out, { recursive: true });
  process.stderr.write(`${name}: copied to ${out}\n`);
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
      const manifests = await Promise.all(folders.map((folder) => installedManifest(folder).catch(() => undefined)));
      const at = Math.max(0, manifests.findIndex(Boolean));
      const [folder, installed] = [folders[at], Object.keys(manifests[at]?.precisions ?? {})];
      return { name, default: ResNet50_Weights.DEFAULT.name === name, installed, folder };
    }),
  );
  if (json) return print(`${JSON.stringify(variants, null, 2)}\n`);
  const rows = variants.map(({ name, default: isDefault, installed }) => [
    isDefault ? `${name} (DEFAULT)` : name,
    ...Object.entries(ResNet50_Weights[name].meta._metrics).map(
      ([images, measured]) => `${measured['acc@1']}% top-1 of ${images} in float32`,
    ),
    installed.length > 0 ? `installed (${installed.join(', ')})` : 'not installed',
  ]);
  return print(`${table(rows)}\n\nFolder: ${base}\nInstall with: resnet50-wasm weights NAME\n`);
}

async function installedManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, MANIFEST_FILE);
  return (await exists(path)) ? parseManifest(await readFile(path, 'utf8'), path) : undefined;
}

/** The checkpoint in the local folder, if one is named, else downloaded; its hash checked. */
async function findCheckpoint(url: string, values: Values): Promise<string> {
  const name = checkpointName(url);
  const folder = text(values, 'checkpoints') ?? process.env.RESNET50_CHECKPOINTS;
  if (folder) {
    const path = join(resolve(folder), name);
    if (!(await exists(path))) {
      throw new ResNet50Error('FILE_NOT_FOUND', `${path}: there is no such file (it is at ${url})`, {
        subject: path,
      });
    }
    await verifyCheckpoint(path);
    return path;
  }
  const path = join(cacheFolder(), 'checkpoints', name);
  if (await exists(path)) {
    await verifyCheckpoint(path);
    return path;
  }
  // Before anything is asked of the network: without one, a name server may keep silent for ten seconds.
  process.stderr.write(`${name}: downloading from ${url}\n`);
  const progress = progressBar(name);
  try {
    await downloadCheckpoint(url, path, {
      onBytes: (received, total) =>
        progress.update(
          total > 0 ? received / total : 0,
          `${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''}`,
        ),
    });
  } catch (error) {
    progress.done();
    throw error;
  }
  progress.done('downloaded');
  return path;
}
