/**
 * Names of files as Python has them: those that are not UTF-8 are kept byte for byte (Python's surrogateescape).
 */

import { TextDecoder } from 'node:util';

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
