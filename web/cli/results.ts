/**
 * Files that commands write, checked before the work whose result they are to hold.
 */
import { ResNet50Error } from '../base/errors.js';
import { pathOf } from '../base/file-names.node.js';
import { ResultFile } from '../base/write.node.js';
import { text, UsageError, type Values } from './options.js';

/**
 * The file that an option names; undefined where the option is not given.
 * @throws UsageError for names that are those of no file
 */
export function resultPath(values: Values, option: string): string | undefined {
  const path = text(values, option);
  if (path === '') throw new UsageError(`--${option}: an empty text names no file`);
  // Programs that take the result by its name would not find it.
  if (path !== undefined && typeof pathOf(path) !== 'string')
    throw new UsageError(`--${option} ${path}: is not UTF-8: choose another name`);
  return path;
}

/** The file that --out names. */
export function neededOut(command: string, values: Values): string {
  const out = resultPath(values, 'out');
  if (out !== undefined) return out;
  throw new UsageError(`name the file to write with --out (resnet50-wasm ${command} --help)`);
}

/**
 * Opens the file for a result, so that what cannot be written is said before a long work begins.
 * @throws ResNet50Error CANNOT_WRITE with the name of the option
 */
export async function openResult(option: string, path: string): Promise<ResultFile> {
  try {
    return await ResultFile.create(path);
  } catch (error) {
    throw namingOption(option, error);
  }
}

/** An error about a path, with the option that gave it. */
export function namingOption(option: string, error: unknown): unknown {
  if (!(error instanceof ResNet50Error) || error.message.includes(`--${option}`)) return error;
  const { code, message, subject, cause } = error;
  return new ResNet50Error(code, `--${option} ${message}`, { subject, cause });
}
