/**
 * Options of the command line: parsed by node:util, checked here, refused in one sentence.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A mistake in the command itself: one sentence, exit status 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** Parses the arguments of one command. */
export function parse(command: string, args: string[], options: Options): { values: Values; positionals: string[] } {
  try {
    const parsed = parseArgs({
      args,
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    return { values: parsed.values as Values, positionals: parsed.positionals };
  } catch (error) {
    const [sentence = ''] = String((error as Error).message).split('. ');
    throw new UsageError(`${sentence} (resnet50-wasm ${command} --help lists the options)`);
  }
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
