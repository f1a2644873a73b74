#!/usr/bin/env node
/**
 * The command `resnet50-wasm`: chooses the command, turns errors into one line and an exit status (2 for a mistake in
 * the command itself).
 */
import { describe } from '../base/errors.js';
import { writeError } from '../base/files.node.js';
import { discardAll } from '../base/write.node.js';
import { commandArguments } from './arguments.js';
import { allCommands, COMMANDS } from './commands.js';
import { helpText, overview } from './help.js';
import { didYouMean, parse, UsageError } from './options.js';
import { complain, print, redirectConsole } from './terminal.js';

const NAMES = Object.keys(COMMANDS);
const isCommand = (name: string): name is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, name);

/** What may stand where a command stands. */
const HELP = ['help', '--help', '-h'];
const VERSION = ['--version', '-v'];

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined) throw new UsageError(`give a command: ${NAMES.join(', ')} (resnet50-wasm --help)`);
  if (VERSION.includes(name)) return print(`${__VERSION__}\n`);
  if (HELP.includes(name)) return help(args);
  return run(name, args);
}

async function help([name]: string[]): Promise<number> {
  return name === undefined ? print(overview(await allCommands())) : run(name, ['--help']);
}

async function run(name: string, args: string[]): Promise<number> {
  if (!isCommand(name)) {
    const meant = didYouMean(name, [...NAMES, 'help', '--version', '--help']) || `: there are ${NAMES.join(', ')}`;
    throw new UsageError(`there is no command '${name}'${meant} (resnet50-wasm --help)`);
  }
  const command = await COMMANDS[name]();
  const { values, positionals } = parse(command, args);
  return values.help ? print(helpText(command)) : command.run(values, positionals);
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
