/**
 * What the command line shows: lines, progress, bars, tables. Everything that it shows goes through here, and nothing that
 * came from outside controls the terminal.
 */
import { format } from 'node:util';
import { printable, printableJson } from '../base/printable.js';

/** Text with values from outside in it, each on one line: shown`${file}: is empty`. */
export const shown = (parts: TemplateStringsArray, ...values: readonly unknown[]): string =>
  String.raw({ raw: parts }, ...values.map((value) => printable(String(value))));

/** Lines of our own as they are, with whatever slipped into them made harmless. */
const harmless = (lines: string): string => lines.split('\n').map(printable).join('\n');

/** Writes to standard output; the exit status of a command that only says something. */
export function print(what: string): number {
  process.stdout.write(harmless(what));
  return 0;
}

/** Writes a value as JSON to standard output. */
export function printJson(value: unknown, indent?: number): number {
  process.stdout.write(`${printableJson(value, indent)}\n`);
  return 0;
}

/** Writes a line about what is going on to standard error. */
export const note = (line: string): void => void process.stderr.write(`${harmless(line)}\n`);

/** Writes a line about what went wrong to standard error. */
export const complain = (message: string): void => void process.stderr.write(`resnet50-wasm: ${printable(message)}\n`);

/** Sends what libraries say on the console to standard error, one line a message. */
export function redirectConsole(): void {
  for (const method of ['debug', 'error', 'info', 'log', 'warn'] as const) {
    console[method] = (...values: unknown[]) => void process.stderr.write(`${printable(format(...values))}\n`);
  }
}

/** How a bar reports: on a terminal one line that changes, elsewhere a line at each step of a quarter. */
export interface Progress {
  /** `fraction` 0..1. Updates that follow too fast are left out, but for those that are `due`: nothing may follow for long. */
  update(fraction: number, text: string, due?: boolean): void;
  /** Ends the line. */
  done(text?: string): void;
}

const WIDTH = 28;

/** A bar of `width` cells filled to `fraction`, in eighths of a cell. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const partial = eighths % 8;
  const text = '█'.repeat(eighths >> 3) + (partial === 0 ? '' : ' ▏▎▍▌▋▊▉'.charAt(partial));
  return text.padEnd(width);
}

/** How a bar is drawn. */
export interface BarOptions {
  stream?: NodeJS.WriteStream;
  /** Tells how long the rest will take, from the pace so far; without it, who updates the bar does. */
  left?: boolean;
}

/** Progress on standard error. */
export function progressBar(title: string, options: BarOptions = {}): Progress {
  const { stream = process.stderr } = options;
  const name = printable(title);
  const { update, done } = stream.isTTY ? liveBar(name, stream) : plainLines(name, stream);
  const left = options.left === false ? () => '' : timeLeft();
  return {
    update: (fraction, text, due) => update(fraction, printable(text) + left(fraction), due),
    done: (text) => done(text === undefined ? undefined : printable(text)),
  };
}

/** Before this much time has passed, milliseconds, nothing is said of what is left. */
const UNSURE = 3000;

/** '1:05', '2:10:00' */
export function leftText(seconds: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

/** Tells of each fraction how long the rest will take, as ', 1:05 left'; begins anew where the fraction falls. */
export function timeLeft(now: () => number = Date.now): (fraction: number) => string {
  let first = { fraction: 1, at: 0 };
  let last = 1;
  return (fraction) => {
    if (fraction < last) first = { fraction, at: now() };
    last = fraction;
    const passed = now() - first.at;
    const done = fraction - first.fraction;
    if (passed < UNSURE || done <= 0 || fraction >= 1) return '';
    return `, ${leftText((passed * (1 - fraction)) / done / 1000)} left`;
  };
}

function liveBar(title: string, stream: NodeJS.WriteStream): Progress {
  let drawn = 0;
  return {
    update(fraction, text, due) {
      const now = Date.now();
      if (now - drawn < 50 && fraction < 1 && !due) return;
      drawn = now;
      const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
      stream.write(`\r\x1b[2K${title} ${bar(fraction, WIDTH)}${percent}  ${text}`);
    },
    done(text) {
      stream.write(`\r\x1b[2K${text === undefined ? '' : `${title}: ${text}\n`}`);
    },
  };
}

function plainLines(title: string, stream: NodeJS.WriteStream): Progress {
  let quarter = 0;
  return {
    update(fraction, text) {
      const reached = Math.floor(fraction * 4);
      if (reached <= quarter) return;
      quarter = reached;
      stream.write(`${title}: ${Math.floor(fraction * 100)}% ${text}\n`);
    },
    done(text) {
      if (text !== undefined) stream.write(`${title}: ${text}\n`);
    },
  };
}

/** '24.4 MB' */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** '24.4 MB of 97.8 MB', or what is known of that. */
export const amount = (bytes: number, total: number): string =>
  `${megabytes(bytes)}${total > 0 ? ` of ${megabytes(total)}` : ''}`;

/** A small number to two digits: '0.0021', '1.4e-5'. */
export const shortly = (value: number): string => value.toPrecision(2).replace(/e([+-])0?/, 'e$1');

/** Rows with aligned columns, two spaces between. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
