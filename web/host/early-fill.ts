/**
 * A network that is filled by the manifest of last time, while a server is asked whether that still holds.
 */
import type { JobContext } from '../protocol/messages.js';
import type { FoundWeights } from '../weights/source.js';

type Context = JobContext<'load'>;

/** One attempt at it: nothing of it shows before the server's answer. */
export class EarlyFill<Network> {
  #found: FoundWeights | undefined;
  #filling: Promise<Network> | undefined;
  readonly #stop = new AbortController();
  /** What is to be reported if the manifest holds. */
  #held: Parameters<Context['onProgress']>[0][] | undefined = [];

  constructor(
    private readonly context: Context,
    private readonly fill: (found: FoundWeights, context: Context) => Promise<Network>,
    /** Frees a network that is full already. */
    private readonly free: (network: Network) => void,
  ) {}

  /** Begins with the first folder that is known. */
  begin(found: FoundWeights): void {
    if (this.#found !== undefined) return;
    this.#found = found;
    const signal = AbortSignal.any([this.context.signal, this.#stop.signal]);
    const onProgress: Context['onProgress'] = (event) =>
      this.#held === undefined ? this.context.onProgress(event) : void this.#held.push(event);
    this.#filling = this.fill(found, { signal, onProgress });
    this.#filling.catch(() => undefined); // whoever takes it hears of it
  }

  /** The network, where it was filled by the very manifest that was found; undefined, and nothing is left, where not. */
  async take({ manifest }: FoundWeights): Promise<Network | undefined> {
    if (this.#found?.manifest !== manifest) {
      await this.discard();
      return undefined;
    }
    for (const event of this.#held ?? []) this.context.onProgress(event);
    this.#held = undefined;
    return this.#filling;
  }

  /** Resolves when it has ended. */
  async discard(): Promise<void> {
    this.#stop.abort(new Error('the manifest is another one by now'));
    await this.#filling?.then(this.free).catch(() => undefined);
  }
}
