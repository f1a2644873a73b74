/**
 * Checks of what users and files give: one way to say what is wrong with an option.
 */
import { ResNet50Error } from './errors.js';

/** INVALID_ARGUMENT for an option, an example or a field. */
export const fault = (subject: string, message: string): ResNet50Error =>
  new ResNet50Error('INVALID_ARGUMENT', `${subject} ${message}`, { subject });

/** @throws ResNet50Error INVALID_ARGUMENT unless ok */
export function check(ok: boolean, subject: string, message: string): void {
  if (!ok) throw fault(subject, message);
}

/** @throws ResNet50Error INVALID_ARGUMENT unless the value is one of `allowed` */
export const checkOneOf = (value: unknown, subject: string, ...allowed: readonly unknown[]): void =>
  check(allowed.includes(value), subject, `must be ${allowed.join(' or ')}`);

/** True for whole numbers, 1 to `most`. */
export const isCount = (v: unknown, most: number): boolean =>
  Number.isInteger(v) && (v as number) >= 1 && (v as number) <= most;

/** True for numbers from `least` to `most`; no text that looks like one, and not NaN. */
export const isNumber = (v: unknown, least: number, most: number): v is number =>
  typeof v === 'number' && v >= least && v <= most;

/** True for lists whose entries are all of these types. A hole is an entry too: undefined. */
export const isListOf = (v: unknown, ...types: string[]): boolean =>
  Array.isArray(v) && Array.from(v, (entry) => typeof entry).every((type) => types.includes(type));

/** An object of unknown fields, as JSON may bring it. */
export type Fields = Readonly<Record<string, unknown>>;

/** The class of a value, whatever realm or library made it: 'Blob', 'Float32Array', 'String' for plain strings too. */
export const tagOf = (v: unknown): string => Object.prototype.toString.call(v).slice(8, -1);

/** True for arrays of numbers by their class and length. */
export const isArrayOf = (v: unknown, tag: string, length: number): boolean =>
  tagOf(v) === tag && (v as ArrayLike<number>).length === length;

/** True for texts and URL objects. */
export const isAddress = (v: unknown): v is string | URL => /^(String|URL)$/.test(tagOf(v));

/** What an option must be, and whether a value is. */
export type Rule = readonly [must: string, ok: (v: unknown) => boolean];

/** One rule per option. */
export type Rules<T> = { readonly [K in keyof T]-?: Rule };

export const oneOf = (...allowed: readonly unknown[]): Rule => [
  `must be ${allowed.map((v) => (typeof v === 'string' ? `'${v}'` : v)).join(' or ')}`,
  (v) => allowed.includes(v),
];
/** For options that are checked where they are used. */
export const ANY: Rule = ['', () => true];
export const BOOLEAN: Rule = oneOf(true, false);
export const FUNCTION: Rule = ['must be a function', (v) => typeof v === 'function'];
export const SIGNAL: Rule = [
  'must be an AbortSignal',
  (v) => isFields(v) && typeof v.aborted === 'boolean' && typeof v.addEventListener === 'function',
];

/** How alike two names are: the share of pairs of letters that they have in common. */
const likeness = (a: string, b: string): number =>
  Array.from(b).filter((_, i) => a.includes(b.slice(i, i + 2))).length / (a.length + b.length);

/** @throws ResNet50Error INVALID_ARGUMENT naming an option that does not exist, or that is not as its rule says */
export function checkOptions<T extends object>(options: T, rules: Rules<T>): void {
  check(isOptions(options), 'options', 'must be an object');
  const names = Object.keys(rules);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const like = (name: string) => likeness(unknown.toLowerCase(), name.toLowerCase());
    const nearest = names.reduce((a, b) => (like(b) > like(a) ? b : a));
    throw fault(unknown, `is no option of this call${like(nearest) >= 0.2 ? `: did you mean ${nearest}?` : ''}`);
  }
  for (const name of names as (keyof T & string)[]) {
    const [must, ok] = rules[name];
    check(options[name] === undefined || ok(options[name]), name, must);
  }
}

/** True for what options are given in, and not for a Map, a Promise or an Error, whose entries are no fields. */
export const isOptions = (v: unknown): v is Fields => /^(Object|Module)$/.test(tagOf(v));

export const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v);
