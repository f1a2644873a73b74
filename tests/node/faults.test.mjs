// A part of `npm run faults`: each of these calls fails once, or the command is killed there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFaults, straceMissing } from '../faults.mjs';

for (const [command, calls] of Object.entries({ embed: ['rename', 'fsync'], convert: ['link', 'rename'] })) {
  test(`${command}: ${calls.join(', ')} fail once each`, { skip: straceMissing() }, async (t) => {
    const { runs, failures } = await runFaults(command, { calls });
    t.diagnostic(`${runs} faults`);
    assert.deepEqual(failures, []);
    assert.ok(runs >= 8, `${runs} faults`);
  });
}
