/** The phases of a conversion, in words and as bars. */
import type { ConvertPhase, ConvertProgress } from '../conversion/phases.js';
import { note, type Progress, progressBar, shown } from './terminal.js';

/** What a phase does, as a user sees it. */
export const PHASE_TEXTS: Readonly<Record<ConvertPhase, string>> = {
  read: 'reading the checkpoint',
  calibrate: 'preparing pictures',
  match: 'matching batch norm',
  observe: 'observing activations',
  quantize: 'quantizing',
  'write-int8': 'writing int8 shards',
  'write-f32': 'writing f32 shards',
  evaluate: 'measuring on photos',
};

/** What the phases are counted in; those without count nothing. */
const UNITS: Partial<Record<ConvertPhase, string>> = {
  calibrate: 'pictures',
  observe: 'pictures',
  quantize: 'layers',
  'write-int8': 'shards',
  'write-f32': 'shards',
  evaluate: 'photos',
};

/** ', about 1:05 left' */
export function leftText(secondsLeft: number | undefined): string {
  if (secondsLeft === undefined || secondsLeft === 0) return '';
  const seconds = Math.ceil(secondsLeft);
  return `, about ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
}

/** 'quantizing, 12 of 72 layers, about 0:40 left' */
export function phaseText({ phase, done, total, secondsLeft }: ConvertProgress): string {
  const unit = UNITS[phase];
  return `${PHASE_TEXTS[phase]}${unit === undefined ? '' : `, ${done} of ${total} ${unit}`}${leftText(secondsLeft)}`;
}

/** How a conversion is shown. */
export interface ConversionView {
  show(progress: ConvertProgress): void;
  done(text?: string): void;
}

/** Without a terminal, nothing is said for at most so long while there is progress, milliseconds. */
const SILENCE = 20_000;

/** One bar for the whole on a terminal; elsewhere a line as each phase begins, and now and then within it. */
export function conversionView(title: string, stream: NodeJS.WriteStream = process.stderr): ConversionView {
  const bar: Progress = progressBar(title, { stream, left: false });
  let last: ConvertPhase | undefined;
  let said = 0;
  const line = (progress: ConvertProgress) => {
    const percent = Math.floor(progress.fraction * 100);
    said = Date.now();
    note(shown`${title}: ${percent}% ${PHASE_TEXTS[progress.phase]}${leftText(progress.secondsLeft)}`);
  };
  const show = (progress: ConvertProgress) => {
    const isNew = progress.phase !== last;
    last = progress.phase;
    if (stream.isTTY) bar.update(progress.fraction, phaseText(progress), isNew);
    else if (isNew || Date.now() - said > SILENCE) line(progress);
  };
  return { show, done: (text) => bar.done(text) };
}
