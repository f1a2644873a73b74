// A reporter for node:test: a line of JSON per test, for the report at the end of `npm test` (collectors.mjs).
// Suites are left out: what fails in them is reported by their tests, or by hooks, which name the suite.

const messageOf = (error) => {
  const cause = error?.cause ?? error;
  const text = cause?.stack ?? cause?.message ?? String(cause);
  return text.split('\n').slice(0, 12).join('\n');
};

/** Where our own code stands in a stack: the line of the assertion, not that of the test. */
const lineIn = (error, file) => {
  const stack = String(error?.cause?.stack ?? '');
  const name = file?.split('/').at(-1);
  return name ? new RegExp(`${name.replace(/\./g, '\\.')}:(\\d+)`).exec(stack)?.[1] : undefined;
};

function entryOf({ type, data }) {
  if (data.details?.type === 'suite' && !(type === 'test:fail' && data.details.error?.failureType === 'hookFailed'))
    return undefined;
  if (data.skip !== undefined && data.skip !== false) {
    return {
      outcome: 'skipped',
      name: data.name,
      reason: typeof data.skip === 'string' ? data.skip : 'skipped by the test',
    };
  }
  if (type === 'test:pass') return { outcome: 'passed', name: data.name };
  const { error } = data.details;
  // A test that fails because one inside it did says nothing new.
  if (error?.failureType === 'subtestsFailed') return undefined;
  const where = data.file ? `${data.file}:${lineIn(error, data.file) ?? data.line ?? ''}` : '';
  return { outcome: 'failed', name: data.name, where, message: messageOf(error) };
}

export default async function* report(source) {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const entry = entryOf(event);
    if (entry !== undefined) yield `${JSON.stringify(entry)}\n`;
  }
}
