// The project's scripts: the report at the end of a test run, what prepack refuses, when bundles are current, and that
// nothing waits for a name server.
import assert from 'node:assert/strict';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { coreMissing, ROOT, run, scratch } from './helpers.mjs';

/** A copy of the repository's scripts, whose root is the folder. */
async function cloneOfScripts(t, ...more) {
  const folder = await scratch(t);
  for (const name of ['package.json', 'scripts', ...more])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  return folder;
}

const FAILING = `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
describe('suite', () => {
  test('passes', () => {});
  test('fails', () => {
    assert.equal(1, 2);
  });
  test('waits for material', { skip: 'there is no material' }, () => {});
});
`;

const JUNIT = `<testsuite><testcase name="room.Good" classname="x" time="1" status="run"><system-out>ok</system-out></testcase>
<testcase name="room.Bad" classname="x" time="1" status="fail"><failure message=""/><system-out>[ RUN ] Room.Bad
src/x_test.cc:12: Failure
Expected equality: &lt;1&gt; and &lt;2&gt;
</system-out></testcase></testsuite>`;

describe('the report of a test run', () => {
  test('failures come with file and line, skipped tests with their reason, steps with their time', async (t) => {
    const clone = await cloneOfScripts(t);
    await writeFile(join(clone, 'some.test.mjs'), FAILING);
    const program = `
      import { nodeTests, ctest } from './scripts/collectors.mjs';
      import { openRecord, printReport, resultsFolder, runStep } from './scripts/steps.mjs';
      import { writeFileSync } from 'node:fs';
      const record = openRecord();
      const results = resultsFolder('node');
      const reporter = ['--test-reporter=./scripts/jsonl-reporter.mjs', '--test-reporter-destination=' + results + '/t.jsonl'];
      await runStep(record, 'test', 'node tests', process.execPath, ['--test', ...reporter, 'some.test.mjs'], { results, collect: nodeTests });
      const xml = resultsFolder('ctest');
      writeFileSync(xml + '/c.xml', ${JSON.stringify(JUNIT)});
      await runStep(record, 'test', 'c++ tests', process.execPath, ['-e', 'process.exit(1)'], { results: xml, collect: ctest });
      await runStep(record, 'test', 'fine', process.execPath, ['-e', ''], {});
      console.log(printReport(record.file));`;
    await writeFile(join(clone, 'program.mjs'), program);
    // The variables of the runner that runs this test would change what the inner one prints.
    const env = { NODE_TEST_CONTEXT: undefined, RESNET50_STEPS: undefined };
    const { stdout, stderr } = await run(process.execPath, ['program.mjs'], { env, cwd: clone });
    assert.equal(stdout.trim(), 'false', stderr);
    const report = stderr.slice(stderr.indexOf('\nSkipped (1):'));
    assert.match(report, /there is no material: waits for material/);
    assert.match(report, /Failed \(2\):\n {2}fails \(some\.test\.mjs:6\)\n[\s\S]*1 !== 2/);
    assert.match(report, /room\.Bad \(src\/x_test\.cc:12\)\n[\s\S]*Expected equality: <1> and <2>/);
    assert.match(report, /X +\d+ s {2}node tests \(1 passed, 1 failed, 1 skipped\)/);
    assert.match(report, / +\d+ s {2}fine\n/);
    assert.match(report, /in all; 2 of 3 steps failed/);
  });

  test('what is silent for long is said to be running', async () => {
    const library = pathToFileURL(join(ROOT, 'scripts', 'lib.mjs')).href;
    const program = `import { runLoudly } from ${JSON.stringify(library)};
      await runLoudly('test', 'sleeping', process.execPath, ['-e', 'setTimeout(() => {}, 9500)']);`;
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', program]);
    assert.match(stderr, /^test: sleeping: [89] s$/m);
  });
});

test('prepack refuses a dist/ that npm start made for Node.js alone', { skip: coreMissing() }, async (t) => {
  const clone = await cloneOfScripts(t, 'dist');
  await rm(join(clone, 'dist', 'wasm', 'resnet50-simd.wasm'));
  const { status, stderr } = await run(process.execPath, ['scripts/check-dist.mjs'], { cwd: clone });
  assert.equal(status, 1);
  assert.match(stderr, /dist\/ is incomplete \(there is no dist\/wasm\/resnet50-simd\.wasm\): run npm run build/);
});

test('bundles are current until something that they were made of changes', async (t) => {
  const clone = await cloneOfScripts(t);
  await mkdir(join(clone, 'weights'), { recursive: true });
  await mkdir(join(clone, 'dist', 'wasm'), { recursive: true });
  await writeFile(join(clone, 'weights', 'registry.json'), '{}');
  await writeFile(join(clone, 'dist', 'cli.js'), '');
  const ask = async (before = '') => {
    const program = `import { bundlesAreCurrent, recordBundles } from './scripts/current.mjs'; ${before} console.log(bundlesAreCurrent());`;
    return (await run(process.execPath, ['--input-type=module', '-e', program], { cwd: clone })).stdout.trim();
  };
  assert.equal(await ask(), 'false');
  const record = "recordBundles(['weights/registry.json'], ['dist/cli.js']);";
  assert.equal(await ask(record), 'true');
  await writeFile(join(clone, 'weights', 'registry.json'), '{ "DEFAULT": {} }');
  assert.equal(await ask(), 'false', 'an input that is no TypeScript');
  assert.equal(await ask(record), 'true');
  await writeFile(join(clone, 'dist', 'wasm', 'resnet50-simd.mjs'), '');
  assert.equal(await ask(), 'false', 'one more module');
  assert.equal(await ask(record), 'true');
  await rm(join(clone, 'dist', 'cli.js'));
  assert.equal(await ask(), 'false', 'an output that is gone');
});

test('whether torchvision answers is known within two seconds, whatever the name server does', async () => {
  const weights = pathToFileURL(join(ROOT, 'scripts', 'weights.mjs')).href;
  // A fetch that never settles, as without a network.
  const silent = `data:text/javascript,${encodeURIComponent('globalThis.fetch = () => new Promise(() => setInterval(() => {}, 1000));')}`;
  const program = `import { probeTorchvision } from ${JSON.stringify(weights)};
    const begun = performance.now();
    console.log(await probeTorchvision().answers(), performance.now() - begun);`;
  const env = { NODE_OPTIONS: `--import=${JSON.stringify(silent)}` };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { env });
  const [answer, ms] = stdout.trim().split(' ');
  assert.equal(answer, 'false');
  assert.ok(Number(ms) < 4000, `${ms} ms`);
});

test('a build folder whose compiler is gone is known as such', async (t) => {
  const clone = await cloneOfScripts(t);
  await mkdir(join(clone, 'build', 'wasm'), { recursive: true });
  const ask = async (compiler) => {
    if (compiler) await writeFile(join(clone, 'build', 'wasm', 'CMakeCache.txt'), `A:STRING=b\n${compiler}\n`);
    const program = `import { compilerIsGone } from './scripts/compile.mjs'; console.log(compilerIsGone('build/wasm'));`;
    return (await run(process.execPath, ['--input-type=module', '-e', program], { cwd: clone })).stdout.trim();
  };
  assert.equal(await ask(), 'false', 'not configured yet');
  assert.equal(await ask(`CMAKE_CXX_COMPILER:FILEPATH=${process.execPath}`), 'false');
  assert.equal(await ask('CMAKE_CXX_COMPILER:FILEPATH=/nowhere/clang++'), 'true');
  assert.equal(await ask('RESNET50_LLVM_BIN:INTERNAL=/nowhere/bin'), 'true', "Emscripten's");
});
