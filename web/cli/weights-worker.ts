/**
 * The body of the worker thread in which `load({ download: true })` gets weights: converting would block its caller.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { isAbort, toPlainError } from '../base/errors.js';
import { getWeights } from '../convert/get-weights.js';
import type { WeightsWish, WeightsWord } from '../node/get-weights.js';
import { getWeight } from '../weights/registry.js';
import { conversionSettings } from './convert.js';
import { PHASE_TEXTS } from './phases.js';

const { name, precisions, out } = workerData as WeightsWish;
const say = (word: WeightsWord) => parentPort?.postMessage(word);

const stop = new AbortController();
parentPort?.once('message', () => stop.abort());

let file = '';
let shown = 0;
let step = '';
/** As often as somebody can see; what is `due` always, since nothing may follow for long. */
const seldom = (word: WeightsWord, fraction: number, due = false) => {
  const now = Date.now();
  if (now - shown < 100 && fraction < 1 && !due) return;
  shown = now;
  say(word);
};

getWeights(getWeight(name), out, {
  signal: stop.signal,
  onDownload: (checkpoint) => {
    file = checkpoint;
  },
  onBytes: (loaded, total) =>
    seldom({ progress: { phase: 'download', loaded, total, shard: file } }, total > 0 ? loaded / total : 0),
  settings: {
    ...conversionSettings({}),
    precisions,
    onProgress(progress) {
      const { fraction: loaded } = progress;
      const shard = PHASE_TEXTS[progress.phase];
      seldom({ progress: { phase: 'convert', loaded, total: 1, shard } }, loaded, shard !== step);
      step = shard;
    },
  },
}).then(
  () => say({ done: true }),
  (error) => say({ error: isAbort(error) ? { code: 'ABORTED', message: '', subject: '' } : toPlainError(error) }),
);
