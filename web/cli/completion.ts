/**
 * `resnet50-wasm completion`: a script that completes commands and options in a shell, made of the tables that are parsed.
 */
import type { Command, Option } from './command.js';
import { UsageError } from './options.js';
import { print } from './terminal.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const HELP: Option = { type: 'boolean', short: 'h', help: 'help' };

/** The command; `all` gives every command. */
export const completion = (all: () => Promise<Command[]>): Command => ({
  name: 'completion',
  usage: 'bash|zsh|fish',
  summary: 'a script that completes commands and options in your shell',
  text: `Prints a script that completes commands, options and their values.`,
  options: {},
  examples: [
    ['source <(resnet50-wasm completion bash)', 'in ~/.bashrc'],
    ['source <(resnet50-wasm completion zsh)', 'in ~/.zshrc, after compinit'],
    ['resnet50-wasm completion fish > ~/.config/fish/completions/resnet50-wasm.fish', 'once, for fish'],
  ],
  environment: [],
  words: SHELLS,
  async run(_values, [shell, ...more]) {
    const known = SHELLS.find((name) => name === shell);
    if (known === undefined || more.length > 0)
      throw new UsageError('name a shell: bash, zsh or fish (resnet50-wasm completion --help)');
    return print(SCRIPTS[known](await all()));
  },
});

const optionsOf = ({ options }: Command): [string, Option][] => Object.entries({ ...options, help: HELP });
/** '--weights' and '-w'. */
const spellings = (name: string, { short }: Option): string[] => [
  `--${name}`,
  ...(short === undefined ? [] : [`-${short}`]),
];
/** One line, without what a shell might take for its own. */
const plain = (text: string): string => text.replace(/ {2}\[.*$/s, '').replaceAll(/['"`$\\[\]:]/g, '');

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = { bash, zsh, fish };

function bash(commands: readonly Command[]): string {
  const cases = commands.flatMap((command) => {
    const options = optionsOf(command);
    const values = options.flatMap(([name, option]) => {
      if (option.type !== 'string') return [];
      const words = option.words === undefined ? '' : ` words="${option.words.join(' ')}"`;
      return [`        ${spellings(name, option).join('|')}) options=${words} ;;`];
    });
    return [
      `    ${command.name})`,
      `      options="${options.flatMap(([name, option]) => spellings(name, option)).join(' ')}"`,
      ...(command.words === undefined ? [] : [`      words="${command.words.join(' ')}"`]),
      ...(values.length === 0 ? [] : ['      case $previous in', ...values, '      esac']),
      '      ;;',
    ];
  });
  return `# Completion of resnet50-wasm for bash. Names of files are completed where nothing else fits.
_resnet50_wasm() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options= words=
  if ((COMP_CWORD == 1)); then
    words="${[...commands.map(({ name }) => name), 'help'].join(' ')}"
    options="--help --version"
  else
    case \${COMP_WORDS[1]} in
    help) words="${commands.map(({ name }) => name).join(' ')}" ;;
${cases.join('\n')}
    esac
  fi
  case $current in
    -*) words=$options ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _resnet50_wasm resnet50-wasm
`;
}

function zsh(commands: readonly Command[]): string {
  const argument = ([name, option]: [string, Option]): string => {
    const all = spellings(name, option);
    const value = option.type === 'boolean' ? '' : `:${option.value ?? 'VALUE'}:${action(option.words)}`;
    const rest = `'[${plain(option.help)}]${value}'`;
    return all.length === 1 ? `'${all[0]}${rest.slice(1)}` : `'(${all.join(' ')})'{${all.join(',')}}${rest}`;
  };
  const action = (words: readonly string[] | undefined) => (words === undefined ? '_files' : `(${words.join(' ')})`);
  const cases = commands.flatMap((command) => [
    `    ${command.name})`,
    '      _arguments -s \\',
    ...optionsOf(command).map((option) => `        ${argument(option)} \\`),
    `        '*:argument:${action(command.words)}'`,
    '      ;;',
  ]);
  return `#compdef resnet50-wasm
# Completion of resnet50-wasm for zsh.
_resnet50_wasm() {
  local -a commands=(
${commands.map(({ name, summary }) => `    '${name}:${plain(summary)}'`).join('\n')}
    'help:help on a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
    help) _describe command commands ;;
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _resnet50_wasm ]]; then
  _resnet50_wasm "$@"
else
  compdef _resnet50_wasm resnet50-wasm
fi
`;
}

function fish(commands: readonly Command[]): string {
  const start = (...words: string[]) => ['complete -c resnet50-wasm', ...words].join(' ');
  const lines = commands.flatMap((command) => {
    const { name, summary, words } = command;
    const here = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      start('-n __fish_use_subcommand', `-f -a ${name} -d '${plain(summary)}'`),
      ...(words === undefined ? [] : [start(here, `-f -a '${words.join(' ')}'`)]),
      ...optionsOf(command).map(([long, option]) => {
        const short = option.short === undefined ? '' : ` -s ${option.short}`;
        const value = option.type === 'boolean' ? '' : fishValue(option);
        return start(here, `-l ${long}${short}${value} -d '${plain(option.help)}'`);
      }),
    ];
  });
  return `# Completion of resnet50-wasm for fish.\n${lines.join('\n')}\n`;
}

const fishValue = ({ words }: Option): string => (words === undefined ? ' -r -F' : ` -x -a '${words.join(' ')}'`);
