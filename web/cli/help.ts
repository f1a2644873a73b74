/**
 * Help as text of at most 90 columns.
 */
import { type Command, type Option, type Options, VARIABLES } from './command.js';

const WIDTH = 90;
/** Where the meaning of an option begins. */
const COLUMN = 28;

/** Lines of at most `width` columns. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A term and its meaning, which begins at COLUMN, on the next line if the term is long. */
function row(term: string, meaning: string): string {
  const lines = wrapped(meaning, WIDTH - COLUMN);
  const first = term.length + 4 > COLUMN ? [`  ${term}`] : [];
  const rows = lines.map((line, i) => (i === 0 && first.length === 0 ? `  ${term}` : '').padEnd(COLUMN) + line);
  return [...first, ...rows].join('\n');
}

/** An option as it is typed: '-w, --weights NAME'. */
export const optionTerm = (name: string, { short, value }: Option): string =>
  `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

const paragraphs = (text: string): string[] => text.split(/\n\s*\n/).map((part) => part.trim().replaceAll(/\s+/g, ' '));

const rows = (options: Options, advanced: boolean): string[] =>
  Object.entries(options)
    .filter(([, option]) => (option.advanced ?? false) === advanced)
    .map(([key, option]) => row(optionTerm(key, option), option.help));

/** A list under a title; nothing where it is empty. */
const listed = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [[title, ...lines].join('\n')];

/** All of a command's text. */
export function helpText(command: Command): string {
  const { name, usage, text, options, examples, environment, status } = command;
  return `${[
    `Usage: resnet50-wasm ${name} ${usage}`,
    ...paragraphs(text).map((part) => wrapped(part, WIDTH).join('\n')),
    [...rows(options, false), row('-h, --help', 'this text')].join('\n'),
    ...listed('Advanced:', rows(options, true)),
    ...(status === undefined ? [] : [wrapped(`Exit status: ${status}`, WIDTH).join('\n')]),
    ['Examples:', ...examples.map(([typed, does]) => `  # ${does}\n  ${typed}`)].join('\n'),
    ...listed(
      'Environment:',
      environment.map((variable) => row(variable, VARIABLES[variable])),
    ),
  ].join('\n\n')}\n`;
}

/** What `--help` says without a command. */
export function overview(commands: readonly Command[]): string {
  return `${[
    'Usage: resnet50-wasm COMMAND [options]',
    commands.map(({ name, summary }) => row(name, summary)).join('\n'),
    'resnet50-wasm COMMAND --help says more, with examples; --version prints the version.',
    ['Environment:', ...Object.entries(VARIABLES).map(([name, meaning]) => row(name, meaning))].join('\n'),
  ].join('\n\n')}\n`;
}

/** The paragraphs of a text, for those who format them otherwise. */
export { paragraphs };
