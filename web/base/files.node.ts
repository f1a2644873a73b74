/**
 * Small things with files in Node: readable errors, the user's cache folder. Reading is in read.node.ts, writing in
 * write.node.ts and folders.node.ts.
 */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { describe, ResNet50Error } from './errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ERR_INVALID_ARG_VALUE: 'is no file name: it holds a NUL character',
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

/** Node.js's own, for names with a NUL in them, which no file has. */
const NO_NAME = 'ERR_INVALID_ARG_VALUE';

/** True for errors of the operating system (ours have codes too), and for names that it is not even asked for. */
export const isSystemError = (error: unknown): boolean =>
  typeof (error as { errno?: unknown } | undefined)?.errno === 'number' || systemCode(error) === NO_NAME;

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
  const reason = WRITE_REASONS[systemCode(error)] ?? describe(error);
  return new ResNet50Error('CANNOT_WRITE', `${path}: ${reason}`, {
    subject: path,
    cause: error,
  });
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

/** The text in a file's bytes: UTF-8, UTF-16 with its byte order mark, or else Windows' Western encoding. Without the mark. */
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
