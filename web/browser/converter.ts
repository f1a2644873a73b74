/**
 * Conversion in browsers. The addresses are written out literally: that is what bundlers look for.
 */
import { chooseFlavour, probeEngine } from '../base/engine-support.js';
import { ResNet50Error } from '../base/errors.js';
import { BROWSER_LIMITS } from '../client/input-checks.js';
import type { ConvertPlatform } from '../conversion/platform.js';
import { Connection } from '../protocol/connection.js';
import { type ConverterJobs, threadsOf } from '../protocol/conversion.js';
import { fetchInput } from '../weights/http.js';
import { absolute, inFolder } from './assets.js';
import { pageBase } from './source.js';
import { startWorker } from './start-worker.js';

/** Addresses of a build, sought only where the caller names no folders. */
const BUILDS = {
  simd: {
    script: () => new URL('./worker-convert-simd.js', import.meta.url),
    wasm: () => new URL('./wasm/resnet50-convert-simd.wasm', import.meta.url),
  },
  'simd-threads': {
    script: () => new URL('./worker-convert-simd-threads.js', import.meta.url),
    wasm: () => new URL('./wasm/resnet50-convert-simd-threads.wasm', import.meta.url),
  },
};

/** The build for so many threads; without relaxed SIMD, so that a conversion gives the same bytes on every machine. */
const choose = (threads: number | 'auto') =>
  chooseFlavour(
    { ...probeEngine(), relaxedSimd: false },
    { threads, cores: globalThis.navigator?.hardwareConcurrency ?? 1 },
  );

type Converter = Connection<keyof ConverterJobs>;

async function start(
  build: keyof typeof BUILDS,
  core: Parameters<ConvertPlatform['connect']>[0],
  { wasmUrl, workerUrl }: Parameters<ConvertPlatform['connect']>[1],
  signal: AbortSignal | undefined,
): Promise<Converter> {
  const { script, wasm } = BUILDS[build];
  const name = `worker-convert-${build}.js`;
  const wasmFile =
    wasmUrl === undefined ? absolute(wasm()) : inFolder(String(wasmUrl), `resnet50-convert-${build}.wasm`);
  const address = () => (workerUrl === undefined ? absolute(script()) : inFolder(String(workerUrl), name));
  const { port, started } = startWorker(name, address, threadsOf(core), signal);
  await started;
  const connection: Converter = new Connection(port);
  try {
    await connection.call('convert-start', { ...core, wasmFile }, { signal });
    return connection;
  } catch (error) {
    void connection.close();
    throw error;
  }
}

/** The platform of pages and of users' own workers. */
export const browserConvertPlatform: ConvertPlatform = {
  limits: BROWSER_LIMITS,
  threads: () => choose('auto').threads,
  async connect({ threads: wanted, networks }, where, signal) {
    const { flavour, threads } = choose(wanted);
    try {
      return await start(flavour as keyof typeof BUILDS, { threads, networks }, where, signal);
    } catch (error) {
      // Shared memory of the size that threads may need cannot be had everywhere.
      const elsewhere = error instanceof ResNet50Error && error.code === 'CORE_LOAD_FAILED' && threads > 1;
      if (!elsewhere) throw error;
      return start('simd', { threads: 1, networks }, where, signal);
    }
  },
  openAddress: (address) => new URL(address, pageBase()),
  fetchInput,
  loadExtras: () => import('./extras.js'),
};
