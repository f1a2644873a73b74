/**
 * Names of files as Python has them, so that folders are read in torchvision's order: compared by code points, and those
 * that are not UTF-8 kept byte for byte (Python's surrogateescape).
 */

/** Compares as Python compares strings: by code points, where JavaScript compares UTF-16 units. */
export function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
  }
  return a.length - b.length;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A name as text; a byte that is not UTF-8 becomes the lone surrogate U+DC00 + byte. */
export function nameOf(bytes: Uint8Array): string {
  const whole = decoded(bytes);
  if (whole !== undefined) return whole;
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((n) => decoded(bytes.subarray(at, at + n)) !== undefined);
    name += length === undefined ? String.fromCharCode(0xdc00 + (bytes[at] as number)) : '';
    name += length === undefined ? '' : decoded(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return name;
}

const ESCAPED = /[\u{dc80}-\u{dcff}]/u;

/** A path for node:fs: the text itself, or its bytes where {@link nameOf} had to keep some. */
export function pathOf(name: string): string | Buffer {
  if (!ESCAPED.test(name)) return name;
  const bytes = Array.from(name, (char) =>
    ESCAPED.test(char) ? Buffer.of(char.charCodeAt(0) - 0xdc00) : Buffer.from(char),
  );
  return Buffer.concat(bytes);
}

/** The first names of a list, and how many more there are. */
export const some = (names: readonly string[], most = 5): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

/** Text with names of files and classes as a terminal may show it: what would control the terminal is written out. */
export const visible = (text: string): string =>
  text.replaceAll(/(?!\n)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (char) => {
    const code = char.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
