/**
 * From a request to a core with a filled network: the core starts while weights are on their way, and they go in as
 * they arrive.
 */

import { activationFor } from '../base/activation.js';
import { fault } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import { parameterCount } from '../base/resnet50.js';
import { overridden } from '../base/transforms.js';
import { type CoreFactory, copyIn, coreLoadFailed, startCore, unwrap } from '../core/start.js';
import type { CoreModule, CoreSession } from '../core/types.js';
import type { JobContext, LoadedFacts, LoadSpec } from '../protocol/messages.js';
import type { WeightsFolder } from '../weights/folder.js';
import { inMemory, storedInMemory } from '../weights/folder-memory.js';
import { LoadedShards } from '../weights/pieces.js';
import { type FoundWeights, findWeightsFolder, shardsOf } from '../weights/source.js';
import { type ShardSink, streamShards } from '../weights/stream.js';
import { EarlyFill } from './early-fill.js';

/** What loading needs from its realm. */
export interface LoadRealm {
  loadFactory(flavour: LoadSpec['flavour']): Promise<CoreFactory>;
  openFolder(address: string): WeightsFolder;
  /** Checks a core whose engine was asked for wider code; rejects if it computes other numbers than it must. */
  checkCore?(core: CoreModule): Promise<void>;
}

/** A core, its network, and what is known of them. */
export interface LoadedNetwork {
  core: CoreModule;
  session: CoreSession;
  facts: LoadedFacts;
  /** Absent from random networks. */
  shards?: LoadedShards;
}

/** Starts the core while the weights are on their way, and fills it as they arrive. */
export async function loadNetwork(
  spec: LoadSpec,
  realm: LoadRealm,
  context: JobContext<'load'>,
): Promise<LoadedNetwork> {
  const { onProgress } = context;
  onProgress({ phase: 'core', loaded: 0, total: 0, shard: '' });
  const ready = realm
    .loadFactory(spec.flavour)
    .then((factory) => startCore(factory, spec))
    .catch((cause: unknown) => {
      throw coreLoadFailed(spec, cause);
    })
    .then(async (core) => {
      if (spec.revectorized) await realm.checkCore?.(core);
      return core;
    });
  ready.catch(() => undefined); // awaited below; must not count as unhandled while the manifest is read
  return spec.source.kind === 'random'
    ? randomNetwork(spec, spec.source, await ready, onProgress)
    : networkFromFolder(spec, spec.source, ready, realm, context);
}

/** torchvision's random initialization. */
function randomNetwork(
  spec: LoadSpec,
  source: Extract<LoadSpec['source'], { kind: 'random' }>,
  core: CoreModule,
  onProgress: JobContext<'load'>['onProgress'],
): LoadedNetwork {
  if (spec.precision === 'int8') {
    throw fault('precision', "must be 'f32' for weights: null, which has no calibrated ranges");
  }
  const { classes, seed } = source;
  const { activationBits, threads, watch } = spec;
  const session = unwrap(
    core.createSession({ classes, precision: 'f32', activationBits, threads, watch, ranges: {} }),
    'weights',
  );
  unwrap(session.initializeRandomly(seed), 'weights');
  onProgress({ phase: 'ready', loaded: 0, total: 0, shard: '' });
  const transforms = overridden(spec.fallbackTransforms, spec.transforms);
  const parameters = parameterCount(classes);
  const facts: LoadedFacts = {
    ...{ name: null, address: null, meta: {}, categories: null, precision: 'f32' },
    ...{ classes, parameters, transforms, ownTransforms: spec.fallbackTransforms, head: null },
    activation: activationFor(undefined, classes),
  };
  return { core, session, facts };
}

type Found = Exclude<LoadSpec['source'], { kind: 'random' }>;

/** Weights of a folder, or of memory. Those of last time go in while a server is asked whether they still hold. */
async function networkFromFolder(
  spec: LoadSpec,
  source: Found,
  starting: Promise<CoreModule>,
  realm: LoadRealm,
  context: JobContext<'load'>,
): Promise<LoadedNetwork> {
  const fill = (found: FoundWeights, within: JobContext<'load'>) => filledNetwork(spec, found, starting, within);
  if (source.kind === 'files') return fill(inMemory(source), context);
  if (source.kind === 'stored') return fill(await storedInMemory(source), context);
  const early = new EarlyFill(context, fill, ({ session }) => session.delete());
  try {
    const found = await findWeightsFolder(source, realm.openFolder, context.signal, (known) => early.begin(known));
    return (await early.take(found)) ?? (await fill(found, context));
  } catch (error) {
    await early.discard();
    throw error;
  }
}

/** A network of the shards that a manifest lists. */
async function filledNetwork(
  spec: LoadSpec,
  { folder, manifest }: FoundWeights,
  starting: Promise<CoreModule>,
  { onProgress, signal }: JobContext<'load'>,
): Promise<LoadedNetwork> {
  const precision = spec.precision === 'auto' ? (manifest.precisions.int8 ? 'int8' : 'f32') : spec.precision;
  const shards = shardsOf(manifest, precision, folder.address);
  const transforms = overridden(manifest.transforms, spec.transforms);
  const total = shards.reduce((sum, s) => sum + s.bytes, 0);
  onProgress({ phase: 'manifest', loaded: 0, total, shard: '' });

  const { activationBits, threads, watch } = spec;
  const { ranges, categories } = manifest;
  const creating = starting.then((core) => {
    const settings = { classes: categories.length, precision, activationBits, threads, watch, ranges };
    return { core, session: unwrap(core.createSession(settings), manifest.name) };
  });
  creating.catch(() => undefined); // awaited in take(), in order
  const sink: ShardSink = {
    onBytes: (loaded, of, shard) => onProgress({ phase: 'weights', loaded, total: of, shard }),
    async take(shard, bytes) {
      const made = await creating;
      const pointer = copyIn(made.core, bytes, shard.file);
      try {
        unwrap(made.session.loadShard(pointer, bytes.length, shard.file), shard.file);
      } finally {
        made.core.release(pointer);
        folder.release?.(bytes);
      }
    },
  };
  try {
    await streamShards(folder, shards, sink, signal);
    await folder.kept?.();
    signal.throwIfAborted();
  } catch (error) {
    // Another may be made in this core.
    if (signal.aborted) creating.then(({ session }) => session.delete()).catch(() => undefined);
    throw error;
  }
  const made = await creating;
  const missing = made.session.missingLayers();
  if (missing.length > 0) {
    throw new ResNet50Error(
      'WEIGHTS_MISMATCH',
      `the shards in ${folder.address} leave ${missing.length} layers without weights (${missing.slice(0, 3).join(', ')}): convert the checkpoint anew`,
      { subject: missing[0] ?? '' },
    );
  }
  onProgress({ phase: 'ready', loaded: total, total, shard: '' });
  const facts: LoadedFacts = {
    ...{ name: manifest.name, address: folder.address, categories: manifest.categories },
    // Torchvision's `_metrics` are of float32; what int8 made of them is told apart from them.
    meta: manifest.quantization ? { ...manifest.meta, quantization: manifest.quantization } : manifest.meta,
    ...{ classes: manifest.categories.length, parameters: manifest.parameters, transforms, precision },
    ...{ ownTransforms: overridden(manifest.transforms), head: manifest.head ?? null },
    activation: activationFor(manifest.activation, categories.length),
  };
  return { ...made, facts, shards: new LoadedShards(folder, shards, manifest) };
}
