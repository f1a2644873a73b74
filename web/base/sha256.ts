/**
 * SHA-256 of bytes as lower-case hex: WebCrypto where there is one, else (plain http) a small fallback. Threads need
 * cross-origin isolation and that needs a secure context, so workers with threads are built without the fallback.
 */
import { sha256 as fallback } from '@noble/hashes/sha2.js';

/** The hash of `bytes`, 64 hex digits. `bytes` must not lie in shared memory. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  const digest =
    __SECURE_CONTEXT__ || subtle !== undefined
      ? new Uint8Array(await (subtle as SubtleCrypto).digest('SHA-256', bytes))
      : fallback(bytes);
  return Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
}
