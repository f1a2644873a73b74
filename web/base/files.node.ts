/**
 * Small things with files in Node: readable errors, writing that is all or nothing, the user's cache folder.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { describe, ResNet50Error } from './errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ENOTDIR: 'there is no such file',
};

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no room left on the disk: make some, or write elsewhere',
  EDQUOT: 'your share of the disk is used up: make room, or write elsewhere',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be written: choose another place',
  EPERM: 'may not be written: choose another place',
  EROFS: 'is on a disk that may only be read: choose another place',
};

/** The `code` of a system error. */
export const systemCode = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? '';

/** True for errors of the operating system (ours have codes too). */
export const isSystemError = (error: unknown): boolean =>
  typeof (error as { errno?: unknown } | undefined)?.errno === 'number';

/** FILE_NOT_FOUND for what kept a file from being read. */
export function fileError(path: string, error: unknown): ResNet50Error {
  return new ResNet50Error('FILE_NOT_FOUND', `${path}: ${REASONS[systemCode(error)] ?? describe(error)}`, {
    subject: path,
    cause: error,
  });
}

/** For `catch`: throws {@link writeError}. */
export const cannotWrite = (path: string) => (error: unknown) => {
  throw writeError(path, error);
};

/** CANNOT_WRITE for what kept a file or folder from being written; errors of ours as they are. */
export function writeError(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new ResNet50Error('CANNOT_WRITE', `${path}: ${WRITE_REASONS[systemCode(error)] ?? describe(error)}`, {
    subject: path,
    cause: error,
  });
}

/**
 * The bytes of a file of its own buffer.
 * @throws ResNet50Error FILE_NOT_FOUND, IMAGE_TOO_LARGE (before reading)
 */
export async function readImageFile(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size, folder } = await statFile(path);
    if (folder) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    if (size > maxBytes) {
      throw new ResNet50Error(
        'IMAGE_TOO_LARGE',
        `${path} has ${size} bytes, over the limit of ${maxBytes}: raise maxBytes to take it`,
        {
          subject: path,
        },
      );
    }
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw error instanceof ResNet50Error ? error : fileError(path, error);
  }
}

async function statFile(path: string): Promise<{ size: number; folder: boolean }> {
  const stats = await stat(path);
  return { size: stats.size, folder: stats.isDirectory() };
}

/**
 * Writes a file into a folder that exists so that it is there whole or not at all.
 * @throws ResNet50Error CANNOT_WRITE
 */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeError(path, error);
  }
}

/** The same, with the folders on the way there. */
export async function writeDeep(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(cannotWrite(path));
  await writeWhole(path, bytes);
}

/**
 * The user's home folder.
 * @throws ResNet50Error CANNOT_WRITE in containers whose user has none
 */
function home(env: NodeJS.ProcessEnv): string {
  let folder = '';
  try {
    folder = homedir();
  } catch {
    // The user has no entry in the system's list of users.
  }
  if (isAbsolute(folder)) return folder;
  const why = `this user has no home folder${env.HOME ? ` (HOME is '${env.HOME}')` : ''}: set HOME or XDG_CACHE_HOME to a folder that may be written`;
  throw new ResNet50Error('CANNOT_WRITE', why, { subject: 'HOME' });
}

/**
 * `$XDG_CACHE_HOME/resnet50-wasm`, the platform's usual place otherwise.
 * @throws ResNet50Error CANNOT_WRITE where there is neither that nor a home
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env.XDG_CACHE_HOME) return join(resolve(env.XDG_CACHE_HOME), 'resnet50-wasm');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'resnet50-wasm', 'Cache');
  if (platform === 'darwin') return join(home(env), 'Library', 'Caches', 'resnet50-wasm');
  return join(home(env), '.cache', 'resnet50-wasm');
}

/**
 * Where the `weights` command installs variants.
 * @throws ResNet50Error CANNOT_WRITE where the user has no home
 */
export const installFolder = (): string => join(cacheFolder(), 'weights');

/** The same, or undefined where the user has no home: then nothing is installed. */
export function installFolderIfAny(): string | undefined {
  try {
    return installFolder();
  } catch {
    return undefined;
  }
}

/** The text of a file: UTF-8, UTF-16 with its byte order mark, or else Windows' Western encoding. Without the mark. */
export const readText = async (path: string): Promise<string> => decodeText(await readFile(path));

/** The same for bytes. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
