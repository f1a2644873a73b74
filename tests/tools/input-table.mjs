// Writes docs/inputs.md: what comes of each kind of input in each realm, with an earlier state of the package and with this one.
//   node tests/tools/input-table.mjs BEFORE
// BEFORE is a folder with the earlier package, built: a checkout after `npm run build`. Pages are Chromium's.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KINDS } from '../browser/pages/input-kinds.mjs';
import { kindsInBrowser, kindsInNode, kindsInRunners } from '../support/input-realms.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared, toolsFolder } from '../support/prepared.mjs';

async function outcomesOf(packageFolder, tools) {
  return {
    ...(await kindsInBrowser('chromium', packageFolder)),
    'Node.js': await kindsInNode(packageFolder),
    ...(await kindsInRunners(packageFolder, tools)),
  };
}

/** 'failed' stands for a realm in which the package did not start. */
const outcomeOf = (outcomes, kind) => ('failed' in outcomes ? 'does not start' : outcomes[kind]);
const shown = (outcome) => (/^[A-Z_]+$/.test(outcome) ? `\`${outcome}\`` : outcome);

function cell(before, after, kind) {
  if (after[kind] === undefined) return '';
  const was = outcomeOf(before, kind);
  return was === after[kind] ? shown(was) : `${shown(was ?? 'not tried')} → **${shown(after[kind])}**`;
}

function page(before, after) {
  const realms = Object.keys(after);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const escaped = (kind) => kind.replaceAll('<', '`<').replaceAll('>', '>`');
  const rows = KINDS.map((kind) =>
    line([escaped(kind), ...realms.map((realm) => cell(before[realm], after[realm], kind))]),
  );
  return `# Kinds of input, by realm

What \`classify\` (\`logits\`, for results of \`preprocess\`) makes of ${KINDS.length} kinds of input, each made by the classes of a realm: of a page, of
a frame in it whose objects the page hands over, of a worker, of Node.js, and of two test runners, whose tests run in realms of their
own beside that of Node.js. \`taken\` or the code of the error; where an arrow stands, the outcome before (commit 3269b59) and now. An empty
cell: the realm has no such class. Pages are Chromium's here; \`tests/browser/input-kinds.test.mjs\` expects the same of Firefox and WebKit.
Written by

\`\`\`sh
node tests/tools/input-table.mjs FOLDER_OF_THE_PACKAGE_BEFORE
\`\`\`

${line(['', ...realms])}
${line(['---', ...realms.map(() => '---')])}
${rows.join('\n')}
`;
}

// As a test, so that the shared browsers are closed behind it.
test('kinds of input by realm', async () => {
  const [folder] = process.argv.slice(2);
  const tools = await toolsFolder('servers');
  const before = await outcomesOf(folder, tools);
  const after = await outcomesOf(prepared.packageFolder, tools);
  writeFileSync(join(ROOT, 'docs', 'inputs.md'), page(before, after));
});
