// What the runners of tests say of single tests, in one form: failures with file and line, skipped tests with their reason,
// and a count for the table. Each collector takes the folder that the runner's reporter wrote to.
import { readFileSync } from 'node:fs';
import { filesIn } from './steps.mjs';

const countsOf = (passed, failed, skipped) =>
  [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ');

/** node:test, from the lines that scripts/jsonl-reporter.mjs writes. */
export function nodeTests(folder) {
  const lines = filesIn(folder).flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  const tests = lines.map((line) => JSON.parse(line));
  const failures = tests.filter(({ outcome }) => outcome === 'failed');
  const skipped = tests.filter(({ outcome }) => outcome === 'skipped');
  const passed = tests.length - failures.length - skipped.length;
  return { failures, skipped, counts: countsOf(passed, failures.length, skipped.length), total: tests.length };
}

/** ctest's JUnit file and GoogleTest's output in it. */
export function ctest(folder) {
  const xml = filesIn(folder)
    .filter((file) => file.endsWith('.xml'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
  const cases = Array.from(xml.matchAll(/<testcase name="([^"]*)"[^>]*status="(\w+)"[^>]*>([\s\S]*?)<\/testcase>/g));
  const failures = [];
  const skipped = [];
  for (const [, name, status, body] of cases) {
    const text = unescapeXml(/<system-out>([\s\S]*?)<\/system-out>/.exec(body)?.[1] ?? '');
    for (const [, test] of text.matchAll(/^\[ {2}SKIPPED \] ([\w./]+) \(\d/gm)) {
      skipped.push({ name: test, reason: /: Skipped\n(.*)/.exec(text)?.[1].trim() ?? 'skipped by the test' });
    }
    if (status === 'fail')
      failures.push({ name, where: /(\S+\.(?:cc|h):\d+): Failure/.exec(text)?.[1] ?? '', message: reasonIn(text) });
  }
  return {
    failures,
    skipped,
    counts: countsOf(cases.length - failures.length, failures.length, skipped.length),
    total: cases.length,
  };
}

/** GoogleTest's or a sanitizer's own words, without the tests that passed. */
function reasonIn(text) {
  const from = text.search(/\S+\.(?:cc|h):\d+: Failure|runtime error:|ERROR: \w+Sanitizer|check failed/);
  return text.slice(Math.max(0, from)).split('\n').slice(0, 20).join('\n');
}

const unescapeXml = (text) =>
  text.replace(
    /&(lt|gt|quot|apos|amp|#10);/g,
    (_, name) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', '#10': '\n' })[name],
  );
