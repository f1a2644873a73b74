/**
 * How far a command is with many pictures: how many, how fast, how long still. On a terminal a line that changes; elsewhere a
 * line each minute, for logs of jobs that take hours.
 */
import { fstatSync } from 'node:fs';
import { leftText } from './terminal.js';

/** Between two updates, milliseconds. */
const LIVE_PAUSE = 200;
const LOG_PAUSE = 60_000;

/** How a {@link Meter} is made. */
export interface MeterOptions {
  /** Counts the pictures that there are; not called for work that is done soon. */
  count?: (() => Promise<number>) | undefined;
  /** A line that changes. */
  live: boolean;
  stream?: { write(text: string): unknown };
  now?: () => number;
}

export class Meter {
  #done = 0;
  #first = 0;
  #shown = 0;
  #total: number | undefined;
  #counting = false;
  #drawn = false;

  constructor(private readonly options: MeterOptions) {}

  /** Another one is done. */
  step(): void {
    this.#done++;
    const { live, now = Date.now } = this.options;
    const at = now();
    if (this.#done === 1) this.#first = this.#shown = at;
    if (at - this.#shown < (live ? LIVE_PAUSE : LOG_PAUSE)) return;
    this.#shown = at;
    this.#count();
    this.#write(this.#text(at));
  }

  /** Makes room for a line of something else. */
  clear(): void {
    if (this.#drawn) this.#print('\r\x1b[2K');
    this.#drawn = false;
  }

  #count(): void {
    if (this.#counting) return;
    this.#counting = true;
    this.options.count?.().then(
      (total) => {
        this.#total = total;
      },
      () => undefined, // what is wrong with a name is said when its turn comes
    );
  }

  #text(at: number): string {
    // The first one is not counted: it waited for the networks to start.
    const rate = ((this.#done - 1) * 1000) / (at - this.#first);
    const total = this.#total;
    if (total === undefined) return `${this.#done} pictures, ${rate.toFixed(1)}/s`;
    const left = leftText(Math.max(0, total - this.#done) / rate);
    return `${this.#done} of ${total} pictures, ${rate.toFixed(1)}/s, ${left} left`;
  }

  #write(text: string): void {
    this.#print(this.options.live ? `\r\x1b[2K${text}` : `${text}\n`);
    this.#drawn = this.options.live;
  }

  #print(text: string): void {
    (this.options.stream ?? process.stderr).write(text);
  }
}

/**
 * The meter of a command that reads pictures. Its line changes on a terminal that shows no results meanwhile.
 * @param inFile whether results go into a file that was named
 */
export const meterFor = (inFile: boolean, count: MeterOptions['count']): Meter =>
  new Meter({ count, live: process.stderr.isTTY === true && (inFile || isFile(1)) });

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
