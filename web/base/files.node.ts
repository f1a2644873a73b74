/**
 * Small things with files in Node: readable errors, the user's cache folder. Reading is in read.node.ts, writing in
 * write.node.ts and folders.node.ts.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, ResNet50Error } from './errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ENOTDIR: 'there is no such file',
  ELOOP: 'is a link that leads nowhere',
  ENAMETOOLONG: 'has a name that is too long',
  EIO: 'cannot be read: the disk or device reports an error',
  ENXIO: 'is a socket or a device without a driver, not a file',
  EMFILE: 'cannot be opened: this process has too many files open',
  ENFILE: 'cannot be opened: the system has too many files open',
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
  ELOOP: 'is a link that leads nowhere',
  ENAMETOOLONG: 'has a name that is too long: choose a shorter one',
  EIO: 'cannot be written: the disk reports an error; check it, or write elsewhere',
  EFBIG: 'is longer than the file system or your limits allow: write elsewhere',
  EBUSY: 'is in use, perhaps as a mount point: choose another place',
  EPIPE: 'was closed by the program that reads it',
  EBADF: 'is not open for writing',
  EMFILE: 'cannot be opened: this process has too many files open',
  ENFILE: 'cannot be opened: the system has too many files open',
};

/** The `code` of a system error. */
export const systemCode = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? '';

/** True for errors of the operating system (ours have codes too). */
export const isSystemError = (error: unknown): boolean =>
  error instanceof Error && typeof (error as { errno?: unknown }).errno === 'number';

/** An error as the operating system would give it. */
export const systemError = (code: string): Error => Object.assign(new Error(code), { code, errno: 0 });

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
  const homeless = path.startsWith(NO_HOME)
    ? 'you have no home folder: set XDG_CACHE_HOME, or give a folder'
    : undefined;
  const reason = homeless ?? WRITE_REASONS[systemCode(error)] ?? describe(error);
  return new ResNet50Error('CANNOT_WRITE', `${path}: ${reason}`, {
    subject: path,
    cause: error,
  });
}

/** Where nobody may make folders: users of containers often have no home, and a folder that all share is nobody's cache. */
const NO_HOME = '/nonexistent';

function homeFolder(): string {
  try {
    return homedir() || NO_HOME;
  } catch {
    return NO_HOME;
  }
}

/** `$XDG_CACHE_HOME/resnet50-wasm`, the platform's usual place otherwise. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env.XDG_CACHE_HOME) return join(resolve(env.XDG_CACHE_HOME), 'resnet50-wasm');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'resnet50-wasm', 'Cache');
  if (platform === 'darwin') return join(homeFolder(), 'Library', 'Caches', 'resnet50-wasm');
  return join(homeFolder(), '.cache', 'resnet50-wasm');
}

/** Folder of a variant that is part of the package, or was put into it. */
export const packagedFolder = (name: string): string => fileURLToPath(new URL(`../weights/${name}`, import.meta.url));

/** Where the `weights` command installs variants. */
export const installFolder = (): string => join(cacheFolder(), 'weights');
