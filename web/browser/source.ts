/**
 * Where weights are sought in a browser: the folder the caller names, else beside the package, else beside the page.
 */
import { fault } from '../base/check.js';
import type { SourceRequest } from '../client/platform.js';
import { isVariantName } from '../weights/manifest.js';
import type { FolderSource } from '../weights/source.js';
import { NO_VARIANT, spelledOut, unknownWeights } from '../weights/variants.js';

/** What relative addresses are relative to. */
export const pageBase = (): string | undefined => globalThis.document?.baseURI ?? globalThis.location?.href;

const folder = (address: string): string => (address.endsWith('/') ? address : `${address}/`);

/**
 * @param module `import.meta.url` of the caller; some bundlers make it a file: address of the build machine, which says
 *   nothing
 */
export function browserSource(request: SourceRequest, module: string): FolderSource {
  const { weights, weightsUrl } = request;
  if (request.weightsDir !== undefined) {
    throw fault('weightsDir', 'is for Node.js: browsers take weightsUrl');
  }
  if (!isVariantName(weights)) return addressSource(weights);
  const known = spelledOut(weights) !== undefined;
  if (!known && weights.startsWith('ResNet50_Weights.')) throw unknownWeights(weights);
  const bases = weightsUrl === undefined ? defaultBases(module) : [new URL(folder(weightsUrl), pageBase()).href];
  const folders = bases.map((base) => ({ address: new URL(`${weights}/`, base).href }));
  return { kind: 'folders', name: weights, folders, known, advice: adviceFor(weights, known) };
}

/** `../weights/` of the package is `weights/` at the root for pages that keep their scripts in a folder of their own. */
function defaultBases(module: string | undefined): string[] {
  const page = pageBase();
  const bases = page === undefined ? [] : [new URL('weights/', page).href];
  if (module?.startsWith('http')) bases.unshift(new URL('../weights/', new URL(module)).href);
  if (bases.length === 0) {
    throw fault('weightsUrl', 'must be given: there is no page to look beside');
  }
  return [...new Set(bases)];
}

function addressSource(address: string): FolderSource {
  const url = new URL(address.replace(/manifest\.json$/, ''), pageBase()).href;
  const advice = 'weights must be the address of a folder that holds manifest.json and its shards';
  return { kind: 'folders', name: null, folders: [{ address: folder(url) }], known: true, advice };
}

function adviceFor(name: string, known: boolean): string {
  if (!known) return `it is ${NO_VARIANT} nor a variant that is published there`;
  return `run "npx resnet50-wasm weights ${name} --out public/weights", publish that folder with the page, and if it is not beside it, say where it is with weightsUrl`;
}
