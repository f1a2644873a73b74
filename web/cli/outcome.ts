/**
 * What `classify` says of a picture, and the forms that it can be written in.
 */
import { printable } from '../base/printable.js';
import type { Classification } from '../index.node.js';
import { namedMessage } from './names.js';
import { bar, print, printJson, shown } from './terminal.js';

interface Success {
  file: string;
  classes: Classification[];
}

interface Failure {
  file: string;
  error: { code: string; message: string };
}

/** What became of a picture. */
export type Outcome = Success | Failure;

/** The outcome of a picture that has no result. */
export function failedOutcome(file: string, reason: unknown): Failure {
  const code = (reason as { code?: string }).code ?? 'INTERNAL';
  return { file, error: { code, message: namedMessage(file, reason) } };
}

/** Where outcomes go, in turn. */
export interface OutcomeWriter {
  one(outcome: Outcome): void | Promise<void>;
  end(): void | Promise<void>;
}

/** A score for people: a probability, or a logit. */
export const shownScore = (score: number, logit: boolean): string =>
  logit ? score.toFixed(3) : `${(score * 100).toFixed(1)}%`;

export function plainText(logits: boolean): OutcomeWriter {
  let first = true;
  return {
    one(outcome) {
      if ('error' in outcome) return;
      const classes = outcome.classes.map(({ label, score }) => ({ label: printable(label), score }));
      const width = classes.reduce((most, { label }) => Math.max(most, label.length), 0);
      const lines = classes.map(({ label, score }) => {
        const share = process.stdout.isTTY && !logits ? `  ${bar(score, 20)}`.trimEnd() : '';
        return `  ${label.padEnd(width)}  ${shownScore(score, logits).padStart(6)}${share}\n`;
      });
      print(`${first ? '' : '\n'}${shown`${outcome.file}`}\n${lines.join('')}`);
      first = false;
    },
    end: () => undefined,
  };
}

export const jsonLines = (): OutcomeWriter => ({
  one: (outcome) => void printJson(outcome),
  end: () => undefined,
});

export function jsonArray(): OutcomeWriter {
  const all: Outcome[] = [];
  return {
    one: (outcome) => void all.push(outcome),
    end: () => void printJson(all, 2),
  };
}

/** A field of CSV (RFC 4180). Control characters are written out, so that a row is a line. */
const field = (value: unknown): string => {
  const text = printable(String(value ?? ''));
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function csv(): OutcomeWriter {
  const row = (...fields: unknown[]) => print(`${fields.map(field).join(',')}\n`);
  row('file', 'index', 'wnid', 'label', 'score', 'error');
  return {
    one(outcome) {
      const { file } = outcome;
      if ('error' in outcome) row(file, '', '', '', '', outcome.error.message);
      else for (const { index, wnid, label, score } of outcome.classes) row(file, index, wnid, label, score, '');
    },
    end: () => undefined,
  };
}
