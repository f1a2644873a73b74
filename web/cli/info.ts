/**
 * `resnet50-wasm info`: what this machine can do, and how a model runs on it.
 */
import { probeEngine } from '../base/engine-support.js';
import { installFolderIfAny } from '../base/files.node.js';
import type { Transforms } from '../base/transforms.js';
import { type Command, MODEL_VARIABLES, type Options } from './command.js';
import { loadWithProgress } from './load.js';
import { loadOptions, MODEL_OPTIONS } from './model-options.js';
import { UsageError, type Values } from './options.js';
import { print, printJson, table } from './terminal.js';
import { shownTransforms } from './transforms.js';

const OPTIONS = {
  ...MODEL_OPTIONS,
  json: { type: 'boolean', help: 'as JSON' },
} as const satisfies Options;

/** `resnet50-wasm info`. */
export const INFO: Command = {
  name: 'info',
  usage: '[--weights NAME] [options]',
  summary: "what this machine can do, and with --weights the model's facts",
  text: `Says what this machine can do; with --weights, loads the model and says how it runs: its transforms (with --resize,
--crop, --interpolation, --mean, --std in place of its own) and what makes scores of its logits among the rest.`,
  options: OPTIONS,
  examples: [
    ['resnet50-wasm info', 'version, SIMD, threads, where weights are installed'],
    ['resnet50-wasm info --weights CIFAR10_DEMO --json', 'how a model runs, for a report of a problem'],
  ],
  environment: MODEL_VARIABLES,
  run: info,
};

async function info(values: Values, positionals: string[]): Promise<number> {
  if (positionals.length > 0) throw new UsageError('info takes no files (resnet50-wasm info --help)');
  const facts: Record<string, unknown> = {
    version: __VERSION__,
    node: process.version,
    ...probeEngine(),
    installed: installFolderIfAny() ?? 'nowhere: this user has no home folder (set HOME or XDG_CACHE_HOME)',
  };
  if (values.weights !== undefined) {
    const model = await loadWithProgress(loadOptions(values));
    await model.logits({ tensor: new Float32Array(3 * 32 * 32), shape: [3, 32, 32] }).catch(() => undefined);
    Object.assign(facts, model.info());
    await model.dispose();
  }
  if (values.json) return printJson(facts, 2);
  const shown = (key: string, v: unknown) => {
    if (key === 'transforms') return shownTransforms(v as Transforms);
    return Array.isArray(v) ? v.join('; ') : typeof v === 'object' ? JSON.stringify(v) : String(v);
  };
  return print(`${table(Object.entries(facts).map(([key, value]) => [key, shown(key, value)]))}\n`);
}
