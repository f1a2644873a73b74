/**
 * Node.js, Bun and Deno: a worker thread that keeps the process alive only while it has work, weights from folders.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { check, fault, tagOf } from '../base/check.js';
import { describe } from '../base/errors.js';
import { installFolderIfAny } from '../base/files.node.js';
import type { Limits } from '../base/limits.js';
import { packagedFolder, workerFile } from '../base/package-files.node.js';
import { readBytes } from '../base/read.node.js';
import { badInput } from '../client/input-checks.js';
import type { Drawable, RawPixels } from '../client/inputs.js';
import type { Platform, SourceRequest } from '../client/platform.js';
import { fetchInput } from '../weights/http.js';
import { isVariantName } from '../weights/manifest.js';
import { advised } from '../weights/proxy.node.js';
import type { FolderSource } from '../weights/source.js';
import { NO_VARIANT, PACKAGED_NAME, spelledOut, unknownWeights } from '../weights/variants.js';
import { offered } from './built-flavours.js';
import { revectorize } from './revectorize.js';
import { startWorker } from './start-worker.js';

/** 268 megapixels, as sharp has it. */
const NODE_LIMITS: Limits = { maxBytes: 512 * 2 ** 20, maxPixels: 268_402_689 };

/** True for addresses; one letter is a Windows drive. */
const isUrl = (address: string): boolean => /^(?:[a-z][a-z0-9+.-]+:\/\/|data:|blob:|file:)/i.test(address);

/** Names of files may have colons: `blob:1.jpg` is a path if there is such a file. */
const isPath = (text: string): boolean =>
  !isUrl(text) || (text.length < 4096 && !text.includes('://') && existsSync(text));

/** The folders of a request, in order: the caller's, the environment's, the user's cache, the package's own, one of that name here. */
function findSource(request: SourceRequest): FolderSource {
  const { weights, weightsUrl, weightsDir } = request;
  if (!isVariantName(weights)) {
    const address = weights.replace(/manifest\.json$/, '') || '.';
    const advice = 'weights must be a name or the address of a folder that holds manifest.json and its shards';
    return { kind: 'folders', name: null, folders: [{ address: localOrUrl(address, 'weights') }], known: true, advice };
  }
  check(typeof (weightsDir ?? '') === 'string', 'weightsDir', 'must be the path of a folder');
  const known = spelledOut(weights) !== undefined;
  if (!known && weights.startsWith('ResNet50_Weights.')) throw unknownWeights(weights);
  const folders: FolderSource['folders'] = [];
  if (weightsUrl !== undefined) {
    folders.push({ address: joinAddress(localOrUrl(weightsUrl, 'weightsUrl'), weights) });
  } else {
    for (const base of [weightsDir, process.env.RESNET50_WEIGHTS_DIR]) {
      if (base) folders.push({ address: join(resolve(base), weights) }, { address: resolve(base), exact: true });
    }
    const installed = installFolderIfAny();
    if (installed !== undefined) folders.push({ address: join(installed, weights) });
    folders.push({ address: packagedFolder(weights) }, { address: resolve(weights) });
  }
  return { kind: 'folders', name: weights, folders, known, advice: adviceFor(weights, known) };
}

function adviceFor(name: string, known: boolean): string {
  if (!known) return `it is ${NO_VARIANT} nor a variant that was converted into one of these folders`;
  if (name === PACKAGED_NAME) return 'they are part of the package, in its folder weights: install it again';
  return `get them with: npx resnet50-wasm weights ${name}, or load them with download: true (--download). To try it out at once: --weights ${PACKAGED_NAME}, ten classes that are part of the package`;
}

/** A path, or an address that servers have; `option` holds it. */
function localOrUrl(address: string, option: string): string {
  try {
    if (/^https?:/.test(address)) return new URL(address).href;
    return address.startsWith('file:') ? fileURLToPath(address) : resolve(address);
  } catch (error) {
    throw fault(option, `is no address: ${address} (${describe(error)})`);
  }
}

const joinAddress = (base: string, name: string): string =>
  isAbsolute(base) ? join(base, name) : new URL(`${name}/`, base.endsWith('/') ? base : `${base}/`).href;

/**
 * The pixels of a canvas that a package for Node.js draws, jsdom's among them.
 * @throws ResNet50Error UNSUPPORTED_INPUT if it has none
 */
function readCanvas(input: Drawable, width: number, height: number, label: string): RawPixels | undefined {
  if (typeof createImageBitmap === 'function') return undefined;
  const context = 'getContext' in input ? (input.getContext('2d') as CanvasRenderingContext2D | null) : null;
  if (context) return context.getImageData(0, 0, width, height);
  throw badInput(
    `${label} is a ${tagOf(input)}, which Node.js cannot read: give the bytes or the path of its file`,
    label,
  );
}

/** A Blob's bytes. Those of jsdom read themselves only in its latest versions: FileReader does, or they show what they hold. */
async function readBlob(blob: Blob): Promise<ArrayBuffer> {
  if (typeof blob.arrayBuffer === 'function') return blob.arrayBuffer();
  if (typeof FileReader === 'function') {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result as ArrayBuffer);
      reader.onerror = () => reject(reader.error);
      reader.readAsArrayBuffer(blob);
    });
  }
  for (const symbol of Object.getOwnPropertySymbols(blob)) {
    const { _bytes, _buffer } =
      (blob as unknown as Record<symbol, { _bytes?: unknown; _buffer?: unknown }>)[symbol] ?? {};
    const held = _bytes ?? _buffer;
    if (ArrayBuffer.isView(held))
      return new Uint8Array(held.buffer, held.byteOffset, held.byteLength).slice().buffer as ArrayBuffer;
  }
  throw new Error('it has no arrayBuffer(): give its bytes');
}

/** The platform of Node, Bun and Deno. */
export const nodePlatform: Platform = {
  limits: NODE_LIMITS,
  cores: () => availableParallelism(),
  noWorker: () => undefined,
  noThreadsInPlace: 'threads in place would keep the process alive',
  offered,
  startWorker: (_flavour, _folder, _threads, signal) => startWorker(workerFile(), signal),
  revectorize,
  startInPlace: async () => {
    const [{ startHostInPlace }, { nodeRealm }] = await Promise.all([
      import('../host/in-place.js'),
      import('./realm.js'),
    ]);
    return startHostInPlace(nodeRealm);
  },
  loadExtras: () => import('../client/extras.js'),
  loadTraining: () => import('./training.js'),
  findSource,
  wasmFile: (flavour, folder) => {
    if (folder === undefined) return null;
    const url = isUrl(folder) ? folder : pathToFileURL(resolve(folder)).href;
    return new URL(`resnet50-${flavour}.wasm`, url.endsWith('/') ? url : `${url}/`).href;
  },
  readCanvas,
  readBlob,
  fetchInput: advised(fetchInput), // a worker thread that computes does not even send a request
  openAddress: (address, { maxBytes }, signal) => {
    const text = String(address);
    const read = (path: string) => readBytes(path, { maxBytes, signal });
    if (isPath(text)) return read(text);
    return /^file:/i.test(text) ? read(fileURLToPath(text)) : new URL(text);
  },
};
