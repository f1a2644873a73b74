/**
 * The pictures that a command is to work on: files, addresses, folders and patterns as arguments, or a list on standard
 * input.
 */
import { existsSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../base/check.js';
import { describe, ResNet50Error } from '../base/errors.js';
import { nameOf, pathOf } from '../base/file-names.node.js';
import { linesOfStandardInput, readStandardInput } from '../base/read.node.js';
import type { Options } from './command.js';
import { UsageError, type Values } from './options.js';
import { note } from './terminal.js';

/** Options of commands that take many pictures. */
export const NAMES_OPTIONS = {
  recursive: { type: 'boolean', short: 'r', help: 'of folders, also the folders in them' },
} as const satisfies Options;

/** As a name: the picture on standard input. */
const STANDARD_INPUT = '-';
/** As long as pictures in files may be, bytes. */
const MAX_STANDARD_INPUT = 512 * 2 ** 20;
/** What a folder's files must end with to count as pictures; files that are named count whatever their names are. */
const PICTURE = /\.(?:jpe?g|png|bmp)$/i;
const PATTERN = /[*?[\]{}]/;

/**
 * The names of pictures: those given, those in folders and of patterns that are given, or those on standard input.
 * @throws UsageError where none are given; ResNet50Error for folders that cannot be read, or hold no picture
 */
export function namesOf(
  command: string,
  positionals: string[],
  values: Values = {},
): Iterable<string> | AsyncIterable<string> {
  if (positionals.filter((name) => name === STANDARD_INPUT).length > 1)
    throw new UsageError(`'-' is given twice, but standard input holds one picture`);
  if (positionals.length > 0) return expanded(positionals, values.recursive === true);
  if (process.stdin.isTTY) throw new UsageError(`no FILES given (resnet50-wasm ${command} --help)`);
  return namesFromStdin();
}

async function* expanded(names: readonly string[], recursive: boolean): AsyncGenerator<string> {
  for (const name of names) {
    if (await isFolder(name)) yield* picturesIn(name, recursive);
    else if (PATTERN.test(name) && !name.includes('://') && !existsSync(name)) yield* matching(name);
    else yield name;
  }
}

const isFolder = async (name: string): Promise<boolean> =>
  name !== STANDARD_INPUT && ((await files.stat(pathOf(name)).catch(() => undefined))?.isDirectory() ?? false);

/** By name, as code units are ordered: the same list on every machine. */
async function* picturesIn(folder: string, recursive: boolean): AsyncGenerator<string> {
  let found = 0;
  const walk = async function* (path: string): AsyncGenerator<string> {
    const entries = await files.readdir(pathOf(path), { encoding: 'buffer' }).catch((error) => {
      throw new ResNet50Error('FILE_NOT_FOUND', `${path} cannot be read: ${describe(error)}`, { subject: path });
    });
    for (const entry of entries.map(nameOf).sort()) {
      const inner = join(path, entry);
      if (await isFolder(inner)) {
        if (recursive) yield* walk(inner);
      } else if (PICTURE.test(entry)) yield inner;
    }
  };
  for await (const name of walk(folder)) {
    found++;
    yield name;
  }
  if (found === 0) {
    const deeper = recursive ? '' : '; --recursive looks into the folders in it too';
    throw fault(folder, `holds no picture (jpg, jpeg, png, bmp)${deeper}`);
  }
}

/** A pattern that no shell has replaced by names: '*.jpg' in quotes, or on Windows. As in a shell, one that nothing matches is a name. */
async function* matching(pattern: string): AsyncGenerator<string> {
  const { glob } = files; // Node.js 22 and later
  if (typeof glob !== 'function' && /[*?]/.test(pattern))
    throw new UsageError(
      `${pattern}: patterns in quotes need Node.js 22 or later; without quotes the shell resolves them`,
    );
  const names: string[] = [];
  if (typeof glob === 'function') for await (const name of glob(pattern)) names.push(name);
  yield* names.length === 0 ? [pattern] : names.sort();
}

/** A name from a list that may have been made on Windows, where backslashes part folders; elsewhere they are letters. */
const ofThisSystem = (name: string): string =>
  name.includes('\\') && !name.includes('://') && !existsSync(name) ? name.replaceAll('\\', '/') : name;

async function* namesFromStdin(): AsyncGenerator<string> {
  // In a list, '-' is a file: standard input holds the list.
  for await (const line of linesOfStandardInput(nameOf)) yield line === STANDARD_INPUT ? './-' : ofThisSystem(line);
}

/** Those that are not in `done`; says how many are. */
export async function* without(
  names: Iterable<string> | AsyncIterable<string>,
  done: ReadonlySet<string>,
): AsyncGenerator<string> {
  let skipped = 0;
  for await (const name of names) {
    if (done.has(name)) skipped++;
    else yield name;
  }
  if (skipped > 0) note(`${skipped} pictures had results already`);
}

/**
 * Counts the names that are given as arguments and not in `done`; undefined for those on standard input, which have no number
 * before they end.
 */
export function counterOf(
  command: string,
  positionals: string[],
  values: Values,
  done: ReadonlySet<string>,
): (() => Promise<number>) | undefined {
  if (positionals.length === 0) return undefined;
  return async () => {
    let count = 0;
    for await (const name of namesOf(command, positionals, values)) if (!done.has(name)) count++;
    return count;
  };
}

/** A picture by name; '-' is on standard input. */
export async function readable(file: string): Promise<string | Uint8Array> {
  if (file !== STANDARD_INPUT) return file;
  const bytes = await readStandardInput({ maxBytes: MAX_STANDARD_INPUT });
  if (bytes.length > 0) return bytes;
  throw new ResNet50Error('NOT_AN_IMAGE', 'standard input is empty', { subject: 'standard input' });
}

/** An error of a picture, in one line that names it. */
export function namedMessage(file: string, error: unknown): string {
  const message = describe(error);
  const name = file === STANDARD_INPUT ? 'standard input' : file;
  return message.includes(name) ? message : `${name}: ${message}`;
}
