/**
 * torchvision's checkpoints: found in a local folder or downloaded, resumed where it stopped, checked against the hash
 * in the file's name.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchFailed, ResNet50Error } from '../base/errors.js';
import { cannotWrite } from '../base/files.node.js';
import { fetchFile, type HttpOptions, type Take } from '../weights/http.js';
import { withProxyAdvice } from '../weights/proxy.node.js';

/** File name of a checkpoint's address. */
export const checkpointName = (url: string): string => basename(new URL(url).pathname);

/** The digits of its sha256 that torchvision puts at the end of a checkpoint's name. */
export function hashPrefix(name: string): string | undefined {
  return /-([0-9a-f]{8,64})\.\w+$/.exec(name)?.[1];
}

/** sha256 of a file, hex, without holding it in memory. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Checks a checkpoint against the digits in its name.
 * @throws ResNet50Error WEIGHTS_HASH_MISMATCH
 */
export async function verifyCheckpoint(path: string): Promise<void> {
  const prefix = hashPrefix(basename(path));
  if (prefix === undefined) return;
  const found = await hashFile(path);
  if (found.startsWith(prefix)) return;
  throw new ResNet50Error(
    'WEIGHTS_HASH_MISMATCH',
    `${path} is damaged or not what its name says: its sha256 begins with ${found.slice(0, prefix.length)}, not ${prefix}: delete it and get it again`,
    { subject: path },
  );
}

/** How to download. */
export interface CheckpointOptions extends Omit<HttpOptions, 'bytes' | 'from'> {
  onBytes?: (received: number, total: number) => void;
  /** Longest file that is taken, bytes. */
  maxBytes?: number;
}

/** Ten times torchvision's: who sends more sends something else. */
const MAX_CHECKPOINT_BYTES = 2 ** 30;

/**
 * Downloads to `path`; what has arrived waits in `path`.part for the next attempt, of this process or of another.
 * @throws ResNet50Error FETCH_FAILED, WEIGHTS_HASH_MISMATCH, CANNOT_WRITE
 */
export async function downloadCheckpoint(url: string, path: string, options: CheckpointOptions = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(cannotWrite(path));
  const part = join(dirname(path), `${basename(path)}.part`);
  const prefix = hashPrefix(basename(path));
  await fetchInto(part, url, options, prefix !== undefined);
  const found = prefix === undefined ? '' : await hashFile(part);
  if (prefix !== undefined && !found.startsWith(prefix)) {
    await rm(part, { force: true });
    throw new ResNet50Error(
      'WEIGHTS_HASH_MISMATCH',
      `${url} sent another file than its name promises (sha256 ${found.slice(0, 8)}..., not ${prefix}...): try again`,
      { subject: url },
    );
  }
  await rename(part, path);
}

/**
 * Writes a file as it arrives: each chunk is on disk before the next is asked for, so that what a broken connection
 * brought is not lost with it. Nothing is left of a file that is refused.
 * @param verified its hash will be checked, so what is there of it may be continued
 */
async function fetchInto(part: string, url: string, options: CheckpointOptions, verified: boolean): Promise<void> {
  const { pause = 500, maxBytes = MAX_CHECKPOINT_BYTES, onBytes } = options;
  const file = await open(part, constants.O_RDWR | constants.O_CREAT).catch(cannotWrite(part));
  let size = (await file.stat()).size;
  const take: Take = async (bytes, at, total) => {
    if (Math.max(at + bytes.length, total) > maxBytes) {
      size = 0;
      throw fetchFailed(url, `the server sends more than ${maxBytes} bytes, which no ResNet-50 has: check the address`);
    }
    if (bytes.length === 0) await file.truncate(at).catch(cannotWrite(part));
    for (let done = 0; done < bytes.length; ) {
      const rest = bytes.length - done;
      const { bytesWritten } = await file.write(bytes, done, rest, at + done).catch(cannotWrite(part));
      done += bytesWritten;
    }
    size = at + bytes.length;
    onBytes?.(size, total);
  };
  try {
    await fetchFile(url, take, { ...options, pause, ...(verified ? { from: size } : {}) });
  } catch (error) {
    throw withProxyAdvice(error, ', or download the file and name its folder with --checkpoints');
  } finally {
    await file.close();
    if (size === 0) await rm(part, { force: true });
  }
}
