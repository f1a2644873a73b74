/**
 * Options of the command line: parsed by node:util, checked here, refused in one sentence.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closestMatch } from 'leven';
import type { Command, Values } from './command.js';

export type { Values } from './command.js';

/** A mistake in the command itself: one sentence, exit status 2. */
export class UsageError extends Error {}

/** Parses the arguments of a command. */
export function parse({ name, options }: Command, args: string[]): { values: Values; positionals: string[] } {
  const known: ParseArgsConfig['options'] = { ...options, help: { type: 'boolean', short: 'h' } };
  try {
    const parsed = parseArgs({ args, options: known, allowPositionals: true });
    return { values: parsed.values as Values, positionals: parsed.positionals };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const [sentence = ''] = String(message).split('. ');
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'--([^'=]+)/.exec(message)?.[1] : undefined;
    const meant = unknown === undefined ? '' : didYouMean(unknown, Object.keys(known), '--');
    throw new UsageError(`${sentence}${meant} (resnet50-wasm ${name} --help lists the options)`);
  }
}

/** ": did you mean 'classify'?" if one of the names is as good as what was given, else nothing. */
export function didYouMean(given: string, names: readonly string[], prefix = ''): string {
  const most = Math.max(1, Math.floor(given.length / 3));
  const wanted = given.toLowerCase();
  const found =
    closestMatch(wanted, names, { maxDistance: most }) ??
    names.find((name) => wanted.length >= 3 && (name.startsWith(wanted) || wanted.startsWith(name)));
  return found === undefined ? '' : `: did you mean '${prefix}${found}'?`;
}

/** The text of an option, or undefined. */
export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** A number within limits, or undefined where the option is not given. */
export function number(values: Values, name: string, least: number, most: number, whole = true): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const value = given === 'all' && most === Number.POSITIVE_INFINITY ? most : Number(given);
  const fits =
    value >= least && value <= most && (!whole || Number.isInteger(value) || value === Number.POSITIVE_INFINITY);
  if (given.trim() !== '' && fits) return value;
  const kind = whole ? 'a whole number' : 'a number';
  throw new UsageError(
    `--${name} ${given}: must be ${kind}, ${least} to ${most === Number.POSITIVE_INFINITY ? 'all' : most}`,
  );
}

/** Three numbers separated by commas or blanks. */
export function triple(values: Values, name: string): [number, number, number] | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const [a, b, c, ...more] = given
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  if (a === undefined || b === undefined || c === undefined || more.length > 0 || ![a, b, c].every(Number.isFinite)) {
    throw new UsageError(`--${name} ${given}: must be three numbers, such as 0.485,0.456,0.406`);
  }
  return [a, b, c];
}

/** A color as six hexadecimal digits, with or without '#'. */
export function color(values: Values, name: string): [number, number, number] | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  if (!/^#?[0-9a-f]{6}$/i.test(given)) throw new UsageError(`--${name} ${given}: must be a color such as ffffff`);
  const bits = Number.parseInt(given.replace('#', ''), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

/** One of a few words. */
export function choice<T extends string>(values: Values, name: string, words: readonly T[]): T | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const found = words.find((word) => word === given);
  if (found === undefined) throw new UsageError(`--${name} ${given}: must be one of ${words.join(', ')}`);
  return found;
}

/** Words separated by commas; whole numbers become indices. */
export function list(values: Values, name: string): (string | number)[] | undefined {
  return text(values, name)
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => (/^\d+$/.test(word) ? Number(word) : word));
}
