/**
 * Frees large buffers at once. The collector of a thread that has nothing more to do does not run, so what loading leaves
 * behind would stay for good.
 */

/** Smaller ones may share their buffer with others (Node's pool). */
const LARGE = 65_536;

/** The bytes are gone. Does nothing before Node.js 21. */
export function free(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.length < LARGE) return;
  (bytes.buffer as { transfer?: (length: number) => ArrayBuffer }).transfer?.(0);
}
