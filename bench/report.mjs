// The table of `npm run bench`, from what it wrote to results.json. Measures nothing.
import { US } from './rows.mjs';
import { groupBy, lowest, median, tableLines } from './tools.mjs';

// Below this the logits are not those of this network: the row is marked, whatever its speed.
const LEAST_CORRELATION = 0.99;

const megabytes = (bytes) => (bytes === undefined || bytes === 0 ? '' : (bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1));

/** One row's runs as numbers; `error` where none succeeded. */
export function summarise({ row, runs, sizes, modelBytes }) {
  const good = runs.filter((run) => !run.error);
  if (good.length === 0) return { ...row, error: runs[0]?.error ?? 'not run' };
  const ms = good.flatMap((run) => run.ms);
  const correlations = good.map((run) => run.correlation).filter((value) => value !== undefined);
  return {
    ...row,
    ...{ median: median(ms), best: lowest(ms), samples: ms.length, failures: runs.length - good.length },
    // A row that is fast in one round and slow in the next has a cause: their medians show it, the whole median hides it.
    byRound:
      good.length < 2
        ? undefined
        : [lowest(good.map((run) => median(run.ms))), Math.max(...good.map((run) => median(run.ms)))],
    coldMs: good[0].coldMs === undefined ? undefined : median(good.map((run) => run.coldMs)),
    cpuMs: good[0].cpuMs === undefined ? undefined : lowest(good.map((run) => run.cpuMs)),
    peakBytes: Math.max(...good.map((run) => run.peakBytes ?? 0)),
    wasmBytes: Math.max(...good.map((run) => run.wasmBytes)),
    correlation: correlations.length > 0 ? lowest(correlations) : undefined,
    busy: Math.max(...good.map((run) => run.busy)),
    ...{ sizes, modelBytes, note: good[0].note },
  };
}

/** Our row that a peer's is to be held against. */
function ours(summary, all) {
  const same = ['precision', 'threads', 'host', 'variant', 'measures'];
  return all.find((other) => other.engine === US && same.every((axis) => other[axis] === summary[axis]));
}

function cells(summary, all) {
  if (summary.error) {
    const reason = summary.error.split('\n')[0].slice(0, 160);
    return [summary.name, 'failed', ...new Array(HEAD.length - 3).fill(''), reason];
  }
  const {
    median: ms,
    best,
    cpuMs,
    byRound,
    samples,
    coldMs,
    peakBytes,
    wasmBytes,
    sizes,
    modelBytes,
    correlation,
    busy,
    note,
    failures,
  } = summary;
  const us = ours(summary, all);
  const isWrong = correlation !== undefined && correlation < LEAST_CORRELATION;
  const remarks = [isWrong && 'WRONG LOGITS', failures > 0 && `${failures} runs failed`, note]
    .filter(Boolean)
    .join(', ');
  return [
    ...[summary.name, ms.toFixed(1), best.toFixed(1), us?.median ? (ms / us.median).toFixed(2) : ''],
    ...[cpuMs?.toFixed(1), us?.cpuMs && cpuMs ? (cpuMs / us.cpuMs).toFixed(2) : ''],
    byRound?.map((value) => value.toFixed(1)).join('-'),
    ...[samples, coldMs?.toFixed(0), megabytes(peakBytes), megabytes(wasmBytes)],
    ...[megabytes(sizes?.raw), megabytes(sizes?.gzip), megabytes(sizes?.brotli), megabytes(modelBytes)],
    ...[correlation?.toFixed(4), `${(100 * busy).toFixed(0)} %`, remarks],
  ];
}

const HEAD = [
  'row',
  'ms',
  'best',
  'x ours',
  'cpu ms',
  'x ours',
  'by round',
  'runs',
  'cold ms',
  'peak MB',
  'wasm MB',
  'js+wasm MB',
  'gzip',
  'brotli',
  'model MB',
  'corr',
  'busy',
  '',
];
const TITLES = {
  inference:
    'Tensor in, 1000 logits out. "x ours": how many times our time, of the same precision, threads, host and variant',
  startUp: 'From load(), weights on this machine, to the first label, ms',
  photo: 'A JPEG of 500 x 375 in, labels out, ms',
  throughput: 'Many JPEGs in one call, decoding included, ms an image',
};

/** The whole report as text. */
export function report({ machine, rows }) {
  const all = rows.map(summarise);
  const parts = [
    `${machine.cpu}, ${machine.cores} logical processors, Node.js ${machine.node}, ${machine.chromium ?? 'no Chromium'}`,
  ];
  for (const [measures, group] of groupBy(all, (summary) => summary.measures)) {
    const lines = tableLines([HEAD, ...group.map((summary) => cells(summary, all))]);
    parts.push([TITLES[measures], ...lines].join('\n'));
    if (measures !== 'throughput') continue;
    for (const { name, median: ms } of group.filter((g) => !g.error))
      parts.push(`${name}: ${(1000 / ms).toFixed(1)} images a second`);
  }
  parts.push(
    '"cpu ms" is processor time a run, all threads together, of the best round: the figure to trust on a busy machine.\n' +
      '"busy" is what other processes took of all processors just before a run (the worst): above a few per cent, distrust ms.',
  );
  return parts.join('\n\n');
}
