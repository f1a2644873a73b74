// node scripts/step.mjs TITLE COMMAND [ARGUMENT...]: runs one step of .ci/run and adds it to the record that RESNET50_STEPS
// names. `node scripts/step.mjs --report` prints the report of that record; its exit status is 1 if a step failed.
import { fail } from './lib.mjs';
import { openRecord, printReport, runStep } from './steps.mjs';

const [title, command, ...args] = process.argv.slice(2);
if (process.env.RESNET50_STEPS === undefined) fail('step', 'RESNET50_STEPS must name the record');
const record = openRecord();
if (title === '--report') {
  process.exitCode = printReport(record.file) ? 0 : 1;
} else {
  if (command === undefined) fail('step', 'name a title and a command');
  process.exitCode = (await runStep(record, 'ci', title, command, args)) ? 0 : 1;
}
