/**
 * Work on many pictures at a time, for commands: how many models, and what they give.
 */
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { type LoadOptions, type Pool, ResNet50 } from '../index.node.js';
import type { Options } from './command.js';
import { loadWithProgress } from './load.js';
import { number, type Values } from './options.js';

/** Options of commands that work on many pictures. */
export const JOBS_OPTIONS = {
  jobs: {
    ...{ type: 'string', short: 'j', value: 'N' },
    help: 'how many pictures at a time, each on a thread and a network of its own (45 MB)  [all cores for many pictures; 1 for few, or with --threads]',
  },
} as const satisfies Options;

const MOST_JOBS = 256;
/** So many pictures a core are many: they take longer than it takes to start its network. */
const MANY = 4;

/** How long names of pictures are waited for before work begins with those that are there, milliseconds. */
const PATIENCE = 100;

/**
 * Whether a stream gives `count` things without being waited for, as a list does and a person who types does not; and the
 * whole stream.
 */
async function peek<T>(
  things: Iterable<T> | AsyncIterable<T>,
  count: number,
): Promise<{ many: boolean; all: AsyncIterableIterator<T> }> {
  const source = Symbol.asyncIterator in things ? things[Symbol.asyncIterator]() : things[Symbol.iterator]();
  const first: T[] = [];
  const timer = setTimeout(PATIENCE, undefined, { ref: false });
  /** What the source was asked for and has not given yet. */
  let next: Promise<IteratorResult<T>> | undefined;
  let ended = false;
  while (!ended && first.length < count) {
    next ??= Promise.resolve(source.next());
    const got = await Promise.race([next, timer]);
    if (got === undefined) break;
    next = undefined;
    if (got.done) ended = true;
    else first.push(got.value);
  }
  const end: IteratorResult<T> = { done: true, value: undefined };
  const all: AsyncIterableIterator<T> = {
    async next() {
      if (first.length > 0) return { done: false, value: first.shift() as T };
      if (ended) return end;
      next ??= Promise.resolve(source.next());
      const got = await next;
      next = undefined;
      ended ||= got.done === true;
      return got;
    },
    async return() {
      if (ended) return end;
      ended = true;
      const left = Promise.resolve(source.return?.());
      if (next === undefined) await left;
      else {
        // Only standard input is waited for. Whoever writes to it need not go on.
        for (const promise of [next, left]) promise.catch(() => undefined);
        process.stdin.destroy();
      }
      return end;
    },
    [Symbol.asyncIterator]: () => all,
  };
  return { many: first.length === count, all };
}

/**
 * The models for a list of pictures, and the list.
 * @throws UsageError; as ResNet50.load
 */
export async function openJobs<T>(
  values: Values,
  load: LoadOptions,
  things: Iterable<T> | AsyncIterable<T>,
): Promise<{ pool: Pool<ResNet50>; things: AsyncIterable<T> }> {
  const asked = number(values, 'jobs', 1, MOST_JOBS);
  const cores = availableParallelism();
  const { many, all } = await peek(things, MANY * cores);
  try {
    const pool = await openPool(load, asked ?? (many && load.threads === undefined ? cores : 1));
    return { pool, things: all };
  } catch (error) {
    await all.return?.();
    throw error;
  }
}

/** How many models for a folder of pictures. */
export const jobsOf = (values: Values, load: LoadOptions): number =>
  number(values, 'jobs', 1, MOST_JOBS) ?? (load.threads === undefined ? availableParallelism() : 1);

/** So many models: one takes all threads that help, unless it is told otherwise. */
export const openPool = (load: LoadOptions, jobs: number): Promise<Pool<ResNet50>> =>
  loadWithProgress({ ...load, threads: load.threads ?? (jobs === 1 ? 'auto' : 1) }, (options) =>
    ResNet50.pool({ ...options, jobs }),
  );
