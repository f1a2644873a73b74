/**
 * torchvision's checkpoints: found in a local folder or downloaded, resumed where it stopped, checked against the hash
 * in the file's name.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, ResNet50Error } from '../base/errors.js';
import { cannotWrite } from '../base/files.node.js';
import { fetchFailed, sleep } from '../weights/download.js';

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
export interface CheckpointOptions {
  onBytes?: (received: number, total: number) => void;
  /** Attempts that bring nothing new before giving up. */
  attempts?: number;
  /** First pause before a retry, milliseconds. */
  pause?: number;
}

/**
 * Downloads to `path`; what has arrived waits in `path`.part for the next attempt, of this process or of another.
 * @throws ResNet50Error FETCH_FAILED, WEIGHTS_HASH_MISMATCH, CANNOT_WRITE
 */
export async function downloadCheckpoint(url: string, path: string, options: CheckpointOptions = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(cannotWrite(path));
  const part = join(dirname(path), `${basename(path)}.part`);
  const attempts = options.attempts ?? 5;
  for (let fruitless = 0; ; ) {
    const before = await sizeOf(part);
    try {
      await resume(url, part, before, options);
      break;
    } catch (error) {
      if (error instanceof ResNet50Error) throw error;
      fruitless = (await sizeOf(part)) > before ? 0 : fruitless + 1;
      if (fruitless >= attempts) throw fetchFailed(url, describe((error as Error).cause ?? error), error);
      await sleep((options.pause ?? 500) * 2 ** Math.max(0, fruitless - 1) * (0.5 + Math.random()));
    }
  }
  const prefix = hashPrefix(basename(path));
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

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => ({ size: 0 }))).size;

/** One attempt; what throws other than ResNet50Error may be tried again. */
async function resume(url: string, part: string, from: number, options: CheckpointOptions): Promise<void> {
  const response = await fetch(url, from > 0 ? { headers: { range: `bytes=${from}-` } } : {});
  const total = Number(
    /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? response.headers.get('content-length') ?? 0,
  );
  if (response.status === 416) {
    if (total === from) return; // it was all there already
    await rm(part, { force: true });
    throw new Error('the server refused to resume (416)');
  }
  if (response.status >= 500 || response.status === 429) throw new Error(`the server answered ${response.status}`);
  if (!response.ok || response.body === null) throw fetchFailed(url, `the server answered ${response.status}`);
  if (/^text\/html\b/i.test(response.headers.get('content-type') ?? ''))
    throw fetchFailed(url, 'the server sent an HTML page in its place');
  const resumed = response.status === 206;
  let received = resumed ? from : 0;
  // Each chunk is on disk before the next is asked for: what a broken connection brought is not lost with it.
  const file = await open(part, resumed ? 'a' : 'w').catch(cannotWrite(part));
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      await file.writeFile(chunk).catch(cannotWrite(part));
      received += chunk.length;
      options.onBytes?.(received, total);
    }
  } finally {
    await file.close();
  }
  if (total > 0 && !response.headers.has('content-encoding') && received < total) {
    throw new Error(`the connection ended after ${received} of ${total} bytes`);
  }
}
