/**
 * Text that came from outside (file names, labels, fields of manifests, what servers and decoders say) as a terminal may
 * show it: on one line, without control over the terminal, in the order of its characters.
 */

/**
 * C0 and C1 controls, DEL, marks and overrides of writing direction, line and paragraph separators, byte order mark, and
 * lone surrogates, as which names of files keep bytes that are not UTF-8.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

const hex = (character: string, digits: number): string => character.charCodeAt(0).toString(16).padStart(digits, '0');

/** The text with everything that a terminal would obey written out: '\x1b', '\u202e'. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (c) => (c < '\u0100' ? `\\x${hex(c, 2)}` : `\\u${hex(c, 4)}`));

/** JSON that a terminal may show. It reads as the same value: inside of strings JSON has an escape for each character. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replace(UNPRINTABLE, (c) => (c === '\n' ? c : `\\u${hex(c, 4)}`));
}
