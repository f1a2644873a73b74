#!/usr/bin/env node
/**
 * The command `resnet50-wasm`: chooses the command, turns errors into one line and an exit status (2 for a mistake in
 * the command itself).
 */

import { probeEngine } from '../base/engine-support.js';
import { describe } from '../base/errors.js';
import { installFolderIfAny, writeError } from '../base/files.node.js';
import type { Transforms } from '../base/transforms.js';
import { discardAll } from '../base/write.node.js';
import { commandArguments } from './arguments.js';
import { classifyCommand, loadOptions, loadWithProgress, MODEL_OPTIONS, print } from './classify.js';
import { convertCommand } from './convert.js';
import { embedCommand } from './embed.js';
import { fitCommand } from './fit.js';
import { parse, UsageError } from './options.js';
import { complain, printJson, redirectConsole, table } from './terminal.js';
import { shownTransforms } from './transforms.js';
import { weightsCommand } from './weights.js';

const HELP = `Usage: resnet50-wasm COMMAND [options]

  classify [FILES...]      labels for pictures
  explain PICTURE          where in a picture a class was seen, as a PNG
  embed [FILES...]         feature vectors of pictures, as a NumPy file
  fit FOLDER               train a classifier of your own on labeled pictures
  evaluate DIR             accuracy on labeled pictures, with a report
  verify --reference FILE  compare with the logits of your own PyTorch network
  weights [NAMES...]       get and convert torchvision's weights; list what is there
  convert CHECKPOINT       convert a checkpoint of your own
  info                     what this machine can do, and with --weights the model's facts

resnet50-wasm COMMAND --help says more; --version prints the version.
`;

const INFO_HELP = `Usage: resnet50-wasm info [--weights NAME] [--weights-dir DIR] [--precision P] [--threads N] [--flavour NAME]
                          [--download]

Says what this machine can do; with --weights, loads the model and says how it runs: its
transforms (with --resize, --crop, --interpolation, --mean, --std in place of its own) and
what makes scores of its logits among the rest.
`;

const INFO_OPTIONS = {
  ...MODEL_OPTIONS,
  json: { type: 'boolean' },
} as const;

async function infoCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse('info', args, INFO_OPTIONS);
  if (values.help) return print(INFO_HELP);
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

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  classify: classifyCommand,
  // Alone in needing an encoder of PNG files.
  explain: async (args) => (await import('./explain.js')).explainCommand(args),
  embed: embedCommand,
  fit: fitCommand,
  evaluate: async (args) => (await import('./evaluate.js')).evaluateCommand(args),
  verify: async (args) => (await import('./verify.js')).verifyCommand(args),
  weights: weightsCommand,
  convert: convertCommand,
  info: infoCommand,
  help: async ([name = '']) =>
    Object.hasOwn(COMMANDS, name) && name !== 'help' ? main([name, '--help']) : print(HELP),
  '--help': async () => print(HELP),
  '-h': async () => print(HELP),
  '--version': async () => print(`${__VERSION__}\n`),
  '-v': async () => print(`${__VERSION__}\n`),
};

const commandNames = () =>
  Object.keys(COMMANDS)
    .filter((name) => /^[a-z]+$/.test(name) && name !== 'help')
    .join(', ');

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined) throw new UsageError(`give a command: ${commandNames()} (resnet50-wasm --help)`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(`there is no command '${name}': there are ${commandNames()}`);
  }
  return command(args);
}

// A reader that has seen enough (head) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  complain(describe(writeError('standard output', error)));
  process.exit(1);
});

redirectConsole();

// What is half-written goes with the process.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    discardAll();
    process.kill(process.pid, signal);
  });
}

main(commandArguments()).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    complain(describe(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
