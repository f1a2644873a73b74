// The README's samples, taken out of its text and run as pasted, in a project that has only the package from its tarball.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { browserMissing, openPage } from '../support/browsers.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared } from '../support/prepared.mjs';
import { makeProject } from '../support/project.mjs';
import { startServer } from '../support/server.mjs';
import { newContext } from '../support/shared-browsers.mjs';
import { LIMIT } from '../support/wait.mjs';

const run = promisify(execFile);
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The only block of code in a language under a heading. */
function sample(heading, language) {
  const section = README.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  assert.ok(section, `README.md has no section ${heading}`);
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  assert.equal(blocks.length, 1, `blocks of ${language} under ${heading}`);
  return blocks[0][1];
}

describe('the samples of README.md', () => {
  let project;

  before(() => {
    project = makeProject(join(ROOT, 'build', 'tests-readme'), {
      'package.json': '{ "name": "project", "private": true, "type": "module" }',
      'index.html': sample('A page', 'html'),
      'label.js': sample('Node.js', 'js'),
    });
    symlinkSync(join(prepared.project, 'node_modules'), join(project, 'node_modules'));
    copyFileSync(join(ROOT, 'tests', 'data', 'cifar10', 'bird.jpg'), join(project, 'photo.jpg'));
  });

  test('Node.js', LIMIT, async () => {
    const { stdout } = await run(process.execPath, ['label.js'], { cwd: project });
    assert.match(stdout, /^bird 0\.9\d+\n2048\n$/);
  });

  test('shell', LIMIT, async () => {
    const { stdout } = await run('sh', ['-ec', sample('Shell', 'sh')], { cwd: project });
    assert.match(stdout, /bird/);
    assert.equal(readFileSync(join(project, 'heat.png')).toString('latin1', 1, 4), 'PNG');
    assert.ok(existsSync(join(project, 'vectors.npy')));
  });

  test('page', { skip: browserMissing('chromium'), ...LIMIT }, async (t) => {
    const server = await startServer({ folders: { '/': `${project}/` }, pages: { '/favicon.ico': '' } });
    const context = await newContext('chromium');
    t.after(() => Promise.all([context.close(), server.close()]));
    const lines = [];
    const page = await openPage(context, `${server.origin}/`, lines);
    const input = await page.$('input');
    await input.uploadFile(join(project, 'photo.jpg'));
    await page.waitForFunction(() => document.querySelector('p').textContent !== 'Choose a photo.', {
      timeout: 120_000,
      polling: 100, // by the clock: pages that are not in front draw no frames
    });
    const shown = await page.$eval('p', (line) => line.textContent);
    assert.match(shown, /^bird \(9\d\.\d %\)$/);
    assert.deepEqual(
      lines.filter((line) => !/cross-origin isolated/.test(line)),
      [],
    );
  });
});
