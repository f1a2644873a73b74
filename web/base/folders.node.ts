/**
 * Puts a set of files in place of another in one step: whoever looks, and whenever the process is killed, finds the old set
 * or the new one. What makes it one step is an index, a file that names the others: files come and go beside it under names
 * that the index in force does not mean, and the index itself changes by one rename.
 */
import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, link, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { ResNet50Error } from './errors.js';
import { systemCode, writeError } from './files.node.js';
import { locked } from './lock.node.js';
import { readBytes } from './read.node.js';
import { discard, isTemporary, linkEnd, ResultFile, sweep, syncFolder, temporaryName } from './write.node.js';

/** What a folder is to hold. */
export interface FolderContent {
  /** All files but the index, by name. */
  files: ReadonlyMap<string, Uint8Array>;
  /** Name of the index. */
  index: string;
  /** The index, if files are stored under the names that `stored` gives for theirs. */
  indexOf(stored: (name: string) => string): Uint8Array;
  /** True for names of files that an earlier set may have had: these go. */
  ours(name: string): boolean;
}

/**
 * Makes a folder hold these files. It may be absent, empty, or hold an earlier set, which stays if this fails.
 * @throws ResNet50Error CANNOT_WRITE; INVALID_ARGUMENT if the folder holds files of others
 */
export async function replaceFolder(given: string, content: FolderContent): Promise<void> {
  try {
    const out = await linkEnd(given);
    await mkdir(dirname(out), { recursive: true });
    await locked(out, async () => {
      await sweep(dirname(out));
      const names = await list(out);
      if (names === undefined) return addFolder(out, content);
      checkForeign(given, names, content);
      await sweep(out);
      return replaceFiles(out, names, content);
    });
  } catch (error) {
    throw folderError(given, error);
  }
}

/**
 * What would keep {@link replaceFolder} from its work, found before the work whose result it is to put there. Changes nothing.
 * @throws as that
 */
export async function checkReplaceable(given: string, content: Pick<FolderContent, 'index' | 'ours'>): Promise<void> {
  try {
    const out = await linkEnd(given);
    const names = await list(out);
    if (names !== undefined) checkForeign(given, names, content);
    let there = out;
    while (!existsSync(there)) there = dirname(there);
    await access(there, constants.W_OK);
  } catch (error) {
    throw folderError(given, error);
  }
}

function folderError(given: string, error: unknown): unknown {
  if (systemCode(error) === 'ENOTDIR') {
    const message = `${given}: is a file, or lies below one: choose another folder`;
    return new ResNet50Error('CANNOT_WRITE', message, { subject: given, cause: error });
  }
  // What failed may be a temporary file: the folder is what the user knows.
  const { code, cause } = error as ResNet50Error;
  return writeError(given, code === 'CANNOT_WRITE' && cause !== undefined ? cause : error);
}

async function list(folder: string): Promise<string[] | undefined> {
  return readdir(folder).catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function checkForeign(
  given: string,
  names: readonly string[],
  { ours, index }: Pick<FolderContent, 'index' | 'ours'>,
): void {
  const foreign = names.find((name) => name !== index && !isTemporary(name) && !ours(name));
  if (foreign === undefined) return;
  const message = `${given} holds other files (${foreign}): give a folder of its own with --out`;
  throw new ResNet50Error('INVALID_ARGUMENT', message, { subject: given });
}

/** A folder that was not there appears by one rename. */
async function addFolder(out: string, { files, index, indexOf }: FolderContent): Promise<void> {
  const staging = temporaryName(out);
  try {
    await mkdir(staging);
    for (const [name, bytes] of files) await put(staging, name, bytes);
    await put(
      staging,
      index,
      indexOf((name) => name),
    );
    await syncFolder(staging);
    await rename(staging, out);
    await syncFolder(dirname(out));
  } finally {
    await discard(staging);
  }
}

/**
 * 1. Files whose names are free go there; one that would overwrite another goes to a name made of its hash.
 * 2. The index that means these names takes the place of the old one: from here on, the new set is there.
 * 3. The names that 1 found taken are free now: files move there, and an index follows that means them.
 * 4. What the index does not mean goes.
 */
async function replaceFiles(out: string, names: readonly string[], content: FolderContent): Promise<void> {
  const { files, index, indexOf, ours } = content;
  const there = new Set(names);
  const moved = new Map<string, string>();
  for (const [name, bytes] of files) {
    if (there.has(name) && (await holds(out, name, bytes))) continue;
    const free = there.has(name) ? hashedName(name, bytes) : name;
    if (free !== name) moved.set(name, free);
    if (free === name || !(await holds(out, free, bytes))) await put(out, free, bytes);
  }
  await syncFolder(out);
  await put(
    out,
    index,
    indexOf((name) => moved.get(name) ?? name),
  );
  await syncFolder(out);
  if (moved.size > 0) {
    for (const [name, from] of moved) await copyTo(out, from, name, files.get(name) as Uint8Array);
    await syncFolder(out);
    await put(
      out,
      index,
      indexOf((name) => name),
    );
    await syncFolder(out);
  }
  for (const name of await readdir(out)) {
    if (name !== index && !files.has(name) && ours(name)) await discard(join(out, name));
  }
}

/** 'resnet50-int8-00.gzip.safetensors' -> 'resnet50-int8-00.gzip.0123456789abcdef.safetensors' */
export function hashedName(name: string, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}.${hash}${extension}`;
}

/** True if a file has these bytes. */
async function holds(folder: string, name: string, bytes: Uint8Array): Promise<boolean> {
  const found = await readBytes(join(folder, name), { maxBytes: bytes.length }).catch(() => undefined);
  return found !== undefined && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).equals(found);
}

async function put(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const file = await ResultFile.create(join(folder, name));
  try {
    await file.write(bytes, 0);
  } catch (error) {
    await file.abandon();
    throw error;
  }
  await file.commit();
}

/** The same file under another name, which takes no room where there are hard links. */
async function copyTo(folder: string, from: string, to: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(join(folder, to));
  try {
    await link(join(folder, from), temporary);
    await rename(temporary, join(folder, to));
  } catch {
    await put(folder, to, bytes);
  } finally {
    await discard(temporary);
  }
}
