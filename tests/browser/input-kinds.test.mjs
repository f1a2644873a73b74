// Every kind of input, made by the classes of a page, of a frame in it, of a worker and of Node.js: docs/inputs.md is the table.
// Test runners' realms are tried in servers.test.mjs, which has the runners.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { kindsInBrowser, kindsInNode } from '../support/input-realms.mjs';
import { prepared } from '../support/prepared.mjs';
import { LIMIT } from '../support/wait.mjs';
import { expectedOf } from './pages/input-kinds.mjs';

const { packageFolder } = prepared;

/** `least`: so many kinds can be made there. */
function check(realm, outcomes, least) {
  assert.deepEqual(outcomes, expectedOf(realm, outcomes), realm);
  assert.ok(Object.keys(outcomes).length >= least, `${Object.keys(outcomes).length} kinds in ${realm}`);
}

for (const name of BROWSERS) {
  describe(`${name}: kinds of input`, { skip: browserMissing(name) }, () => {
    test('made by a page, a frame in it and a worker', LIMIT, async () => {
      const { page, iframe, worker } = await kindsInBrowser(name, packageFolder);
      check('page', page, 48);
      check('iframe', iframe, 48);
      check('worker', worker, 42);
    });
  });
}

test('Node.js: kinds of input', LIMIT, async () => {
  check('Node.js', await kindsInNode(packageFolder), 42);
});
