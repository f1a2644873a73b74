/**
 * The host behind a model, over its whole life: calls take turns, a host that crashed is replaced by a fresh one, and other
 * weights or a head of the user's own come into it.
 */

import { anyOf, Queue } from '../base/concurrency.js';
import { ResNet50Error } from '../base/errors.js';
import type { Head } from '../protocol/head.js';
import type { LoadedFacts } from '../protocol/messages.js';
import type { WeightsSource } from '../weights/source.js';
import type { LoadOptions } from './options.js';
import type { Platform } from './platform.js';
import { openSession, type Session } from './session.js';

/** The session of a model, and what it was made with. */
export class Running {
  /** Of `load`, and after fine-tuning what that made. */
  source: WeightsSource;
  head: Head | null = null;
  readonly #ownSource: WeightsSource;
  readonly #queue = new Queue();
  #opening: Promise<Session> | undefined;
  /** Aborted by dispose(), with the error that pending calls get. */
  readonly #disposal = new AbortController();

  constructor(
    readonly platform: Platform,
    readonly options: LoadOptions,
    source: WeightsSource,
    /** The last one, which may have crashed: jobs take {@link live}. */
    public session: Session,
  ) {
    this.source = this.#ownSource = source;
  }

  get facts(): LoadedFacts {
    return this.session.facts;
  }

  /** Ends with the caller's signal or with the model. */
  until(signal?: AbortSignal): AbortSignal {
    return anyOf(signal, this.#disposal.signal);
  }

  /** Does it when all earlier calls have ended. */
  inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.add(work, signal);
  }

  /** The session, or a fresh one where the last one crashed: the same for a job and the picture fetched beside it. */
  async live(): Promise<Session> {
    this.#disposal.signal.throwIfAborted();
    if (this.session.connection.alive) return this.session;
    this.#opening ??= this.#open(this.source, this.head).finally(() => {
      this.#opening = undefined;
    });
    this.session = await this.#opening;
    return this.session;
  }

  /** In its turn. The network's own head for null. */
  async setHead(head: Head | null): Promise<void> {
    const session = await this.live();
    session.facts = await session.connection.call('head', head);
    this.head = head;
  }

  /** In its turn. Other weights in place of the ones in use, without a head of the user's own. */
  async reload(source: WeightsSource): Promise<void> {
    const session = await this.#open(source, null);
    await this.session.connection.close();
    [this.session, this.source, this.head] = [session, source, null];
  }

  /** In its turn. Back to what was loaded. */
  reset(): Promise<void> {
    return this.source === this.#ownSource ? this.setHead(null) : this.reload(this.#ownSource);
  }

  async dispose(): Promise<void> {
    if (!this.#disposal.signal.aborted) {
      this.#disposal.abort(new ResNet50Error('DISPOSED', 'the model was disposed of: load another one'));
    }
    await this.session.connection.close();
  }

  /** A fresh session, which must not outlive the model. */
  async #open(source: WeightsSource, head: Head | null): Promise<Session> {
    const session = await openSession(this.platform, this.options, source);
    const { connection } = session;
    try {
      if (head !== null) session.facts = await connection.call('head', head);
      this.#disposal.signal.throwIfAborted();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return session;
  }
}
