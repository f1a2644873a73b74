// Steps of a test run: each is announced, runs loudly, and leaves a line in build/steps.jsonl with its time, its failures
// (with file and line) and what it skipped; `printReport` makes the table at the end of it. Several programs may add to one
// record: RESNET50_STEPS names it, and whoever named it prints the report.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, runLoudly, say, seconds } from './lib.mjs';

const RESULTS = join(root, 'build', 'test-results');

/** The record of this run: the caller's, or a new one. */
export function openRecord() {
  const given = process.env.RESNET50_STEPS;
  const file = given ?? join(root, 'build', 'steps.jsonl');
  if (given === undefined) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }
  return { file, ours: given === undefined };
}

/**
 * Runs one step and records it.
 * @param options.env variables besides those of this process
 * @param options.collect what the step's reporters left in the folder `options.results`, in one form (collectors.mjs)
 * @returns whether it succeeded
 */
export async function runStep(record, who, title, command, args, { env = {}, collect, results } = {}) {
  say(who, `${title} ...`);
  const begun = performance.now();
  const { status, output } = await runLoudly(who, title, command, args, { env });
  const { failures = [], skipped = [], counts, total } = collect?.(results) ?? {};
  // A runner that found no test has shown nothing.
  const ok = status === 0 && total !== 0;
  if (!ok && failures.length === 0) failures.push({ name: title, where: '', message: lastLines(output) });
  const entry = { title, ok, seconds: seconds(begun), counts, failures, skipped };
  appendFileSync(record.file, `${JSON.stringify(entry)}\n`);
  say(who, `${title}: ${ok ? 'done' : 'FAILED'} in ${entry.seconds} s`);
  return ok;
}

const lastLines = (text) => text.trim().split('\n').slice(-15).join('\n');

/** A fresh folder for the results that a step's reporters write. */
export function resultsFolder(name) {
  const folder = join(RESULTS, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

export const filesIn = (folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);

const place = (where) => where.replace(`${root}/`, '');

/** Prints what was skipped and why, the failures once more, and the table of steps. @returns whether all succeeded */
export function printReport(file) {
  const entries = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const skipped = entries.flatMap((entry) => entry.skipped);
  if (skipped.length > 0) {
    console.error(`\nSkipped (${skipped.length}):`);
    for (const [reason, names] of groupBy(skipped)) {
      console.error(
        `  ${reason}: ${names.length <= 3 ? names.join('; ') : `${names.slice(0, 2).join('; ')} and ${names.length - 2} more`}`,
      );
    }
  }
  const failures = entries.flatMap((entry) => entry.failures);
  if (failures.length > 0) console.error(`\nFailed (${failures.length}):`);
  for (const { name, where, message } of failures) {
    console.error(`  ${name}${where ? ` (${place(where)})` : ''}\n${message.replace(/^/gm, '    ')}`);
  }
  console.error('\nSteps:');
  for (const { title, ok, seconds: time, counts } of entries) {
    console.error(`  ${ok ? ' ' : 'X'} ${String(time).padStart(5)} s  ${title}${counts ? ` (${counts})` : ''}`);
  }
  const total = entries.reduce((sum, entry) => sum + entry.seconds, 0);
  const failed = entries.filter((entry) => !entry.ok).length;
  console.error(
    `    ${String(total).padStart(5)} s  in all; ${failed === 0 ? 'every step succeeded' : `${failed} of ${entries.length} steps failed`}`,
  );
  return failed === 0;
}

/** Names by reason. */
function groupBy(skipped) {
  const groups = new Map();
  for (const { name, reason } of skipped) groups.set(reason, [...(groups.get(reason) ?? []), name]);
  return groups;
}
