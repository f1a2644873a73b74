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

export const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v);
