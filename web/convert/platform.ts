/**
 * Conversion in Node.js, Bun and Deno: a worker thread, and folders on the disk.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { tagOf } from '../base/check.js';
import { converterFile } from '../base/package-files.node.js';
import type { ConvertPlatform } from '../conversion/platform.js';
import { CONVERSION_DEFAULTS } from '../conversion/settings.js';
import { nodePlatform } from '../node/platform.js';
import { startWorker } from '../node/start-worker.js';
import { Connection } from '../protocol/connection.js';
import { fetchInput } from '../weights/http.js';
import { configActivation, configTransforms } from './checkpoint-config.js';
import { labeledPhotos, photosBelow } from './photos.js';

/** The platform of Node, Bun and Deno. */
export const nodeConvertPlatform: ConvertPlatform = {
  ...nodePlatform,
  fetchInput: nodePlatform.fetchInput ?? fetchInput,
  threads: () => Math.min(availableParallelism(), CONVERSION_DEFAULTS.mostThreads),
  async connect(start, _, signal) {
    const { port, started } = startWorker(converterFile(), signal);
    await started;
    const connection: Awaited<ReturnType<ConvertPlatform['connect']>> = new Connection(port);
    try {
      await connection.call('convert-start', { ...start, wasmFile: null }, { signal });
      return connection;
    } catch (error) {
      void connection.close();
      throw error;
    }
  },
  disk: {
    photos: photosBelow,
    labeled: labeledPhotos,
    transforms: async (checkpoint, given) => (await configTransforms(checkpoint, given))?.transforms,
    activation: configActivation,
    pathOf(checkpoint) {
      if (typeof checkpoint !== 'string' && tagOf(checkpoint) !== 'URL') return undefined;
      const text = String(checkpoint);
      if (/^file:/i.test(text)) return fileURLToPath(text);
      return /^(?:https?|data|blob):/i.test(text) ? undefined : text;
    },
  },
};
