/**
 * A command as data: what `--help`, completions and the manual page say of it, and what is parsed. Nothing of it is
 * written twice.
 */

/** What was typed, by the names of options. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** An option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands for its value in help; none for options without one. */
  readonly value?: string;
  /** The values there are, for completions. */
  readonly words?: readonly string[];
  /** In one sentence, with the default in brackets. */
  readonly help: string;
  /** For those who tune what they know: shown after the others. */
  readonly advanced?: boolean;
}

export type Options = Readonly<Record<string, Option>>;

/** Environment variables, and what they mean. */
export const VARIABLES = {
  RESNET50_WEIGHTS_DIR: 'folder in which weights are looked for first',
  RESNET50_CHECKPOINTS: "folder with torchvision's .pth files, or the address of a mirror",
  XDG_CACHE_HOME: 'its folder resnet50-wasm holds installed weights and downloads [~/.cache, or what is usual here]',
  NODE_USE_ENV_PROXY: '1: downloads go through the proxy that HTTPS_PROXY names (Node.js 24 and later)',
} as const;

export type Variable = keyof typeof VARIABLES;

/** Those of commands that load a model. */
export const MODEL_VARIABLES: readonly Variable[] = [
  'RESNET50_WEIGHTS_DIR',
  'RESNET50_CHECKPOINTS',
  'XDG_CACHE_HOME',
  'NODE_USE_ENV_PROXY',
];

/** An example: what to type, and what it does. */
export type Example = readonly [command: string, does: string];

/** A command of the command line. */
export interface Command {
  readonly name: string;
  /** What comes after the name; `[options]` included. */
  readonly usage: string;
  /** A few words for the list of all commands. */
  readonly summary: string;
  /** Paragraphs, separated by empty lines. */
  readonly text: string;
  readonly options: Options;
  readonly examples: readonly Example[];
  readonly environment: readonly Variable[];
  /** The exit status, where there is more to say than success or failure. */
  readonly status?: string;
  /** The words that may follow, for completions; files if not given. */
  readonly words?: readonly string[];
  /** Does the work; resolves to the exit status. */
  run(values: Values, positionals: string[]): Promise<number>;
}
