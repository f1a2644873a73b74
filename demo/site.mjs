// What the demo's site is made of and how it becomes a folder of plain files: the page, the built package, weights of one or
// more variants, the sample pictures, and site.json, which tells the page what is there. Knows nothing of servers.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoWeights } from '../scripts/weights.mjs';
import { bundlePages } from './bundle.mjs';
import { fillOwnPage, fillPage } from './fill.mjs';
import { lookAt } from './first-look.mjs';
import { writeOfflineWorker } from './offline.mjs';
import { writeOnePage } from './one-page.mjs';

/** The repository's folder. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

const DATA = join(ROOT, 'tests', 'data');
const FACTS_FILE = 'site.json';
/** The site's service worker: by that name the package's `isolate` finds it. */
const WORKER_FILE = 'isolation-worker.js';
const OFFLINE_FILE = 'offline-worker.js';
/** What links to the page show. */
const PREVIEW_FILE = 'preview.webp';
const NOTICES_FILE = 'THIRD-PARTY-NOTICES.txt';
/** Files of the page that are in no bundle. */
const AS_THEY_ARE = ['icon.svg', 'app.webmanifest'];

/** What a browser may ask of dist/; the rest is for Node.js. */
const BROWSER_FILES =
  /^(index|isolation|convert|extras|inplace|training|inplace-trainer|worker-((trainer|convert)-simd|simd|relaxed)(-threads)?)\.js$|^wasm\/resnet50-(simd|relaxed|(trainer|convert)-simd)(-threads)?\.(mjs|wasm)$/;
/** Which of the flavours a browser takes is known only there. */
const NEEDED_FILES = [
  ...[
    'index.js',
    'isolation.js',
    'static.js',
    NOTICES_FILE,
    'extras.js',
    'training.js',
    'worker-trainer-simd.js',
    'wasm/resnet50-trainer-simd.wasm',
    'convert.js',
    'worker-convert-simd.js',
    'wasm/resnet50-convert-simd.wasm',
  ],
  ...['simd', 'simd-threads', 'relaxed', 'relaxed-threads'].map((flavour) => `wasm/resnet50-${flavour}.wasm`),
];
const VARIANT_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** What stops the site from being made, as one sentence with the remedy. */
export class SiteError extends Error {}

/**
 * @typedef {object} SiteWeights
 * @property {string} name from the manifest
 * @property {string} folder
 * @property {string[]} files those that the page loads: one precision, or both where both were asked for
 * @property {number} classes
 * @property {string[]} labels by class
 * @property {{ data: string, top1: number }} [accuracy] where the manifest says it
 * @property {number} bytes of the shards, as they are downloaded
 * @property {number} [f32Bytes] of the float32 shards, where both precisions are published
 * @property {boolean} isCompact whether the weights were rounded to be a small download
 */

/**
 * The weights of a folder that `resnet50-wasm convert` or `weights` wrote.
 * @param {string} folder
 * @param {{ float32?: boolean }} [options] whether float32 shards are published too, if the folder has both precisions
 * @returns {SiteWeights}
 * @throws SiteError
 */
export function weightsIn(folder, { float32 = false } = {}) {
  const path = join(folder, 'manifest.json');
  if (!existsSync(path)) {
    throw new SiteError(`${folder} holds no manifest.json: name a folder that 'resnet50-wasm convert' wrote`);
  }
  try {
    const { name, precisions, categories, meta, quantization } = JSON.parse(readFileSync(path, 'utf8'));
    const { shards } = precisions.int8 ?? precisions.f32;
    const more = float32 && precisions.int8 !== undefined ? precisions.f32?.shards : undefined;
    const files = ['manifest.json', ...[...shards, ...(more ?? [])].map(({ file }) => file)];
    const labels = categories.map(({ label }) => label);
    const sizes = {
      bytes: bytesOf(shards),
      f32Bytes: more && bytesOf(more),
      isCompact: quantization?.encoding === 'compact',
    };
    if (VARIANT_NAME.test(name))
      return { ...{ name, folder, files, labels }, ...sizes, classes: labels.length, accuracy: accuracyIn(meta) };
  } catch {
    // the same remedy
  }
  throw new SiteError(`${path} is not one that 'resnet50-wasm convert' wrote: convert the checkpoint again`);
}

const bytesOf = (shards) => shards.reduce((sum, { bytes }) => sum + bytes, 0);

/** Top-1 accuracy in percent, in the form of torchvision's `meta`. */
function accuracyIn(meta) {
  const [first] = Object.entries(meta?._metrics ?? {});
  return first === undefined ? undefined : { data: first[0], top1: first[1]['acc@1'] };
}

/** Folders of the sample pictures that a network knows; networks of other classes have none. */
function picturesFor({ name, classes }) {
  if (name === demoWeights.name) return [join(DATA, 'cifar10')];
  return classes === 1000 ? [join(DATA, 'pictures'), join(ROOT, 'demo', 'samples')] : [];
}

/** The pictures of such a folder for the gallery: file, what is to be seen, its class, and what to say of it. */
function samples(folder) {
  const all = JSON.parse(readFileSync(join(folder, 'pictures.json'), 'utf8'));
  return all
    .filter(({ shown = true }) => shown)
    .map(({ file, what, label, remark }) => ({ file, what, label, remark }));
}

/** Paths of all files below a folder. */
export function filesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, path, name }) => join(parentPath ?? path, name)); // Node.js 20 may know only path
}

/** Copies the files below `from` whose relative path is accepted. */
function copy(from, to, accepts) {
  for (const path of filesBelow(from)) {
    const name = relative(from, path).replaceAll('\\', '/');
    if (accepts(name)) cpSync(path, join(to, name));
  }
}

/** Empties the folder; refuses to where it holds anything but a site of ours. */
function clear(out) {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, FACTS_FILE))) {
    throw new SiteError(`${out} is not empty and holds no earlier demo: name another folder with --out`);
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
}

/**
 * Writes the site into a folder, replacing an earlier one.
 * @param {object} options
 * @param {string} options.out the folder
 * @param {SiteWeights[]} options.weights from `weightsIn`; the page begins with the first
 * @param {boolean} options.isolationWorker whether the page may get threads through its service worker; for hosts that
 *   cannot send the isolation headers
 * @param {boolean} [options.offline] whether a service worker keeps the pages for when there is no connection
 * @param {string} [options.url] where the site will be: those who show a preview of links want whole addresses
 * @param {string} [options.docs] address of the documentation, relative to the site
 * @param {boolean} [options.firstLook] whether the page begins with a sample and its result, where the first network has samples
 * @returns {Promise<number>} size in bytes
 * @throws SiteError
 */
export async function writeSite({ out, weights, isolationWorker, offline = true, url, docs, firstLook = true }) {
  const missing = NEEDED_FILES.find((file) => !existsSync(join(ROOT, 'dist', file)));
  if (missing !== undefined) throw new SiteError(`dist/${missing} is not built: run 'npm run build' first`);
  clear(out);
  const page = join(ROOT, 'demo', 'page');
  copy(page, out, (name) => AS_THEY_ARE.includes(name));
  const folder = packageFolder();
  await bundlePages(page, out, folder, docs);
  copy(join(ROOT, 'dist'), join(out, folder), (name) => BROWSER_FILES.test(name));
  cpSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE.txt'));
  cpSync(join(ROOT, 'docs', 'images', 'demo-light.webp'), join(out, PREVIEW_FILE));
  cpSync(join(ROOT, 'dist', NOTICES_FILE), join(out, NOTICES_FILE));
  const onePage = await writeOnePage(out, page, { dist: join(ROOT, 'dist'), folder });
  const networks = withSmallOnes(weights.map((variant) => writeNetwork(out, variant)));
  const [first] = networks;
  if (firstLook && first.samples.length > 0)
    first.first = await lookAt(weights[0].folder, picturesFor(weights[0])[0], first.samples[0]);
  const index = join(out, 'index.html');
  writeFileSync(index, withPreview(fillPage(readFileSync(index, 'utf8'), networks), url));
  const own = join(out, 'own.html');
  writeFileSync(own, fillOwnPage(readFileSync(own, 'utf8')));
  // A service worker serves pages of its own folder: beside them, not in dist/. One of them can do both.
  const offlineWorker = offline ? (isolationWorker ? WORKER_FILE : OFFLINE_FILE) : undefined;
  writeFileSync(
    join(out, FACTS_FILE),
    `${JSON.stringify({ networks, isolationWorker, offlineWorker, onePage }, null, 2)}\n`,
  );
  if (offline) writeOfflineWorker(out, filesBelow(out), { file: offlineWorker, isolates: isolationWorker });
  else if (isolationWorker) cpSync(join(ROOT, 'dist', WORKER_FILE), join(out, WORKER_FILE));
  return sizeOf(out);
}

/** The page with the whole address of its preview, or without one where that is not known. */
function withPreview(page, url) {
  if (url === undefined) return page.replace(/ *<meta property="og:image.*\n/g, '');
  return page.replace(PREVIEW_FILE, () => new URL(PREVIEW_FILE, url).href);
}

/** Name of the package's folder in the site: another one for other files, so that browsers need not ask for these again. */
function packageFolder() {
  const dist = join(ROOT, 'dist');
  const hash = createHash('sha256');
  for (const path of filesBelow(dist).sort()) {
    const name = relative(dist, path).replaceAll('\\', '/');
    if (BROWSER_FILES.test(name)) hash.update(name).update(readFileSync(path));
  }
  return `package-${hash.digest('hex').slice(0, 8)}`;
}

/** One variant and the pictures it knows; returns what site.json says of it. */
function writeNetwork(out, variant) {
  const { folder, files, ...facts } = variant;
  copy(folder, join(out, 'weights', facts.name), (file) => files.includes(file));
  const shown = picturesFor(variant).flatMap((pictures) => {
    const all = samples(pictures);
    copy(pictures, join(out, 'samples'), (file) => all.some((sample) => sample.file === file));
    return all;
  });
  return { ...facts, samples: shown };
}

/** The networks; those that stand for a larger one of the same classes on slow lines have its name as `smallOf`. */
const withSmallOnes = (networks) =>
  networks.map(({ isCompact, ...network }) => {
    const isLarger = ({ labels, bytes }) => bytes > network.bytes && String(labels) === String(network.labels);
    const larger = isCompact ? networks.find((other) => !other.isCompact && isLarger(other)) : undefined;
    return { ...network, smallOf: larger?.name };
  });

const sizeOf = (folder) => filesBelow(folder).reduce((sum, file) => sum + statSync(file).size, 0);

/** A path as the user meant it: npm runs scripts in the package's folder, not where the user stands. */
export const fromUser = (path) => resolve(process.env.INIT_CWD ?? process.cwd(), path);

/** The page's content security policy, as it stands in the page. */
export function policyOf(page) {
  return /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page)?.[1].replace(/\s+/g, ' ').trim();
}
