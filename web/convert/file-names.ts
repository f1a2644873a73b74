/**
 * Lists of names of files: in Python's order, so that folders are read as torchvision reads them, and in sentences.
 */

/** Compares as Python compares strings: by code points, where JavaScript compares UTF-16 units. */
export function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
  }
  return a.length - b.length;
}

/** The first names of a list, and how many more there are. */
export const some = (names: readonly string[], most = 5): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
