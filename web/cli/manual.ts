/**
 * `resnet50-wasm manual`: the manual page, in the language of man(7), made of the text of `--help`.
 */
import { type Command, VARIABLES } from './command.js';
import { optionTerm, paragraphs } from './help.js';
import { UsageError } from './options.js';
import { print } from './terminal.js';

/** The command; `all` gives every command. */
export const manual = (all: () => Promise<Command[]>): Command => ({
  name: 'manual',
  usage: '',
  summary: 'the manual page, for man',
  text: `Prints the manual page. If the package is installed globally, man finds it by itself.`,
  options: {},
  examples: [['resnet50-wasm manual | man -l -', 'read it']],
  environment: [],
  words: [],
  async run(_values, positionals) {
    if (positionals.length > 0) throw new UsageError('manual takes no arguments (resnet50-wasm manual --help)');
    return print(page(await all()));
  },
});

/** Text as roff reads it: no line of it is a request, and hyphens stay hyphens. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^([.'])/gm, '\\&$1');

const item = (term: string, meaning: string): string =>
  `.TP\n.B ${roff(term)}\n${roff(meaning.replaceAll(/\s+/g, ' '))}`;

function section({ name, usage, text, options, examples, status }: Command): string {
  return [
    `.SS ${name}`,
    `.B resnet50\\-wasm ${name}`,
    roff(usage),
    ...paragraphs(text).map((part) => `.PP\n${roff(part)}`),
    ...Object.entries(options).map(([key, option]) => item(optionTerm(key, option).trim(), option.help)),
    ...(status === undefined ? [] : [`.PP\nExit status: ${roff(status)}`]),
    ...examples.map(([typed, does]) => `.PP\n${roff(`${does}:`)}\n.PP\n.RS 4\n.nf\n${roff(typed)}\n.fi\n.RE`),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function page(commands: readonly Command[]): string {
  return `${[
    `.TH RESNET50\\-WASM 1 "" "resnet50\\-wasm ${__VERSION__}" "User Commands"`,
    '.SH NAME',
    'resnet50\\-wasm \\- labels, feature vectors and heat maps of pictures with ResNet\\-50',
    '.SH SYNOPSIS',
    '.B resnet50\\-wasm',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    "torchvision's ResNet\\-50 on the CPU. Every command has help and examples:",
    '.B resnet50\\-wasm',
    '.I command',
    '.BR \\-\\-help .',
    ...commands.map(({ name, summary }) => item(name, summary)),
    '.SH COMMANDS',
    ...commands.map(section),
    '.SH ENVIRONMENT',
    ...Object.entries(VARIABLES).map(([name, meaning]) => item(name, meaning)),
    '.SH EXIT STATUS',
    '0 for success, 1 if something failed, 2 for a mistake in the command itself.',
  ].join('\n')}\n`;
}
