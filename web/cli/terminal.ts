/**
 * What the command line shows: progress, bars, tables.
 */

/** How a bar reports: on a terminal one line that changes, elsewhere a line at each step of a quarter. */
export interface Progress {
  /** `fraction` 0..1. */
  update(fraction: number, text: string): void;
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

/** Progress on standard error. */
export function progressBar(title: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? liveBar(title, stream) : plainLines(title, stream);
}

function liveBar(title: string, stream: NodeJS.WriteStream): Progress {
  let drawn = 0;
  return {
    update(fraction, text) {
      const now = Date.now();
      if (now - drawn < 50 && fraction < 1) return;
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

/** A small number to two digits: '0.0021', '1.4e-5'. */
export const shortly = (value: number): string => value.toPrecision(2).replace(/e([+-])0?/, 'e$1');

/** Rows with aligned columns, two spaces between. */
export function table(rows: readonly (readonly string[])[]): string {
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
