/**
 * Work on a stream of things, several at a time, with a bound on what is held.
 */

/** How the results of {@link windowed} come. */
export interface WindowOptions {
  /** Things in work or finished and not yet taken, at most. */
  size: number;
  /** Results as they come, instead of in the order of the things. */
  unordered?: boolean;
}

/**
 * What `work` makes of each thing. A thing is taken from the source only when there is room for it, so a source without
 * an end takes no more memory than one of `size`. The first error ends it, once all that is in work has ended.
 * @throws what `work` or the source throws
 */
export async function* windowed<T, R>(
  things: Iterable<T> | AsyncIterable<T>,
  work: (thing: T, index: number) => Promise<R>,
  { size, unordered = false }: WindowOptions,
): AsyncGenerator<R> {
  const source = Symbol.asyncIterator in things ? things[Symbol.asyncIterator]() : things[Symbol.iterator]();
  /** In the order in which they began. */
  const running = new Map<number, Promise<{ index: number; value: R }>>();
  let index = 0;
  /** What the source is about to give: asked for once, however long that takes. */
  let next: Promise<IteratorResult<T>> | undefined;
  let ended = false;
  const begin = (thing: T): void => {
    const at = index++;
    const promise = work(thing, at).then((value) => ({ index: at, value }));
    promise.catch(() => undefined); // awaited below, or left when another one failed before
    running.set(at, promise);
  };
  try {
    while (!ended || running.size > 0) {
      if (!ended && running.size < size) {
        next ??= Promise.resolve(source.next());
        // A source that waits, as standard input does, holds no finished result back.
        const first = unordered ? Promise.race(running.values()) : running.values().next().value;
        const got = await Promise.race([next, ...(first === undefined || running.size === 0 ? [] : [first])]);
        if ('index' in got) {
          running.delete(got.index);
          yield got.value;
          continue;
        }
        next = undefined;
        if (got.done) ended = true;
        else begin(got.value);
        continue;
      }
      const done = unordered
        ? await Promise.race(running.values())
        : await (running.values().next().value as Promise<{ index: number; value: R }>);
      running.delete(done.index);
      yield done.value;
    }
  } finally {
    await Promise.allSettled(running.values());
    if (!ended) {
      const left = Promise.resolve(source.return?.());
      // A source that waits for something, as standard input does, may never hear of it.
      if (next === undefined) await left;
      else for (const promise of [next, left]) promise.catch(() => undefined);
    }
  }
}
