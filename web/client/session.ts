/**
 * A running host and how it came about: the flavour chosen, the worker or the place, the fallbacks.
 */

import { check, isAddress, tagOf } from '../base/check.js';
import { type Choice, chooseFlavour, type Flavour, probeEngine } from '../base/engine-support.js';
import { isAbort, ResNet50Error } from '../base/errors.js';
import { mergeTransforms } from '../base/transforms.js';
import { Connection } from '../protocol/connection.js';
import type { LoadedFacts, LoadSpec, NetworkJobs, ProgressEvent } from '../protocol/messages.js';
import { isVariantName } from '../weights/manifest.js';
import type { Weights } from '../weights/registry.js';
import type { WeightsSource } from '../weights/source.js';
import { DEFAULT_NAME, DEFAULT_TRANSFORMS, spelledOut } from '../weights/variants.js';
import type { LoadOptions, WeightsFiles } from './options.js';
import type { Platform } from './platform.js';

/** A running host and how it came about. */
export interface Session {
  connection: Connection<keyof NetworkJobs>;
  facts: LoadedFacts;
  choice: Choice;
  worker: boolean;
}

/** Hints that were given already: each is given once. */
const hinted = new Set<string>();

function hint(text: string): void {
  if (hinted.has(text)) return;
  hinted.add(text);
  console.info(`resnet50-wasm: ${text}`);
}

const isMap = (v: object): v is ReadonlyMap<string, Uint8Array> => tagOf(v) === 'Map';

/** Where the weights of these options are to be sought. */
export function sourceOf(platform: Platform, options: LoadOptions, trainedOn: string | null = null): WeightsSource {
  // A name only: files of others must not choose an address.
  const preset = trainedOn !== null && isVariantName(trainedOn) ? trainedOn : DEFAULT_NAME;
  const { weights = preset, classes = 1000, seed = 0, weightsUrl, weightsDir } = options;
  if (weights === null) {
    hint('weights: null gives a randomly initialized network; its labels mean nothing');
    return { kind: 'random', classes, seed };
  }
  const files = (weights as Partial<WeightsFiles>)?.files;
  if (files !== undefined) {
    const entries = Object.entries(isMap(files) ? Object.fromEntries(files) : files);
    const stored = entries.map(([file, bytes]) => ({ file, bytes }));
    check(
      stored.every(({ bytes }) => tagOf(bytes) === 'Uint8Array'),
      'weights.files',
      'must map names to a Uint8Array each',
    );
    return { kind: 'stored', files: stored };
  }
  const name = isAddress(weights) ? String(weights) : (weights as Weights)?.name; // of whatever copy of this package
  check(
    typeof name === 'string' && name !== '',
    'weights',
    'must be an entry of ResNet50_Weights, a name, an address or null',
  );
  const spelled = spelledOut(name) ?? name;
  return platform.findSource({ weights: spelled, weightsUrl: weightsUrl?.toString(), weightsDir });
}

const NOT_HERE = { on: false, why: 'not revectorized: only Node.js can be asked for it' };

/** Starts a host with the best flavour that works; threads that fail to start are replaced by one thread. */
export async function openSession(
  platform: Platform,
  options: LoadOptions,
  source: WeightsSource,
  signal?: AbortSignal,
  onProgress?: (event: ProgressEvent) => void,
): Promise<Session> {
  const start = (choice: Choice, worker: boolean) =>
    startSession(platform, options, source, choice, worker, wide?.on === true, signal, onProgress);
  const noWorker = options.worker === false ? 'worker: false' : platform.noWorker();
  const worker = noWorker === undefined;
  const injected = options.wasmModule !== undefined;
  const noThreads = worker ? undefined : platform.noThreadsInPlace;
  const demand = {
    threads: options.threads ?? 'auto',
    cores: platform.cores(),
    flavour: options.flavour,
    injected,
  };
  const support = probeEngine();
  const choose = (noThreads: string | undefined): Choice => {
    const best = chooseFlavour(support, { ...demand, noThreads });
    return platform.offered?.(best, injected || options.flavour !== undefined) ?? best;
  };
  const choice = choose(noThreads);
  const wide = options.revectorize ? (platform.revectorize?.() ?? NOT_HERE) : undefined;
  if (wide) choice.why.push(wide.why);
  if (!worker) choice.why.push(`in place: ${noWorker}`);
  else if (!support.threads && demand.threads !== 1 && demand.cores > 1)
    hint(`running on one thread: ${support.threadsWhy}`);
  try {
    return await start(choice, worker);
  } catch (error) {
    if (isAbort(error) || signal?.aborted || !(error instanceof ResNet50Error)) throw error;
    if (error.code === 'WORKER_FAILED' && options.worker === undefined) {
      hint(`working in place, which blocks this thread: ${error.message}`);
      const inPlace = choose(platform.noThreadsInPlace);
      inPlace.why.push(`in place: ${error.message}`);
      return start(inPlace, false);
    }
    if (error.code !== 'CORE_LOAD_FAILED' || choice.threads === 1 || options.flavour !== undefined) throw error;
    const noThreadsNow = `threads did not start (${error.message})`;
    const single = choose(noThreadsNow);
    const session = await start(single, worker);
    hint(`running on one thread: ${noThreadsNow}`);
    return session;
  }
}

async function startSession(
  platform: Platform,
  options: LoadOptions,
  source: WeightsSource,
  choice: Choice,
  worker: boolean,
  revectorized: boolean,
  signal: AbortSignal | undefined,
  onProgress: ((event: ProgressEvent) => void) | undefined,
): Promise<Session> {
  // First what may be wrong with the options: then there is no worker yet that would have to end.
  const spec: LoadSpec = {
    ...{ flavour: choice.flavour, threads: choice.threads, source },
    watch: (options.threads ?? 'auto') === 'auto',
    precision: options.precision ?? 'auto',
    activationBits: options.activationBits ?? 7,
    wasmFile: options.wasmModule ? null : wasmFileOf(platform, choice.flavour, options.wasmUrl?.toString()),
    wasmModule: options.wasmModule ?? null,
    revectorized,
    transforms: { ...options.transforms },
    fallbackTransforms: mergeTransforms(DEFAULT_TRANSFORMS),
  };
  const { port, started = undefined } = worker
    ? platform.startWorker(choice.flavour, options.workerUrl?.toString(), choice.threads, signal)
    : { port: await platform.startInPlace(choice.flavour) };
  const connection: Session['connection'] = new Connection(port);
  try {
    const loading = connection.call('load', spec, { signal, onProgress }); // a worker begins without another turn of this thread
    loading.catch(() => undefined); // a worker that does not start says why
    await started;
    const facts = await loading;
    return { connection, facts, choice, worker };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function wasmFileOf(platform: Platform, flavour: Flavour, folder: string | undefined): string | null {
  try {
    return platform.wasmFile(flavour, folder);
  } catch (error) {
    check(error instanceof ResNet50Error, 'wasmUrl', `is no address: ${folder}`);
    throw error;
  }
}

/** Equal for loads that would download the same shards; undefined where nothing is downloaded. */
export function downloadKey(source: WeightsSource, options: LoadOptions): string | undefined {
  const addresses = source.kind === 'folders' ? source.folders.map(({ address }) => address) : [];
  return addresses.some((address) => /^https?:/.test(address))
    ? [options.precision ?? 'auto', ...addresses].join('\n')
    : undefined;
}
