// npm test: proves the whole on a machine that may be bare, in minutes: the C++ core natively under AddressSanitizer and
// UBSan and in wasm, the package in Node.js, a page in Chromium, Firefox and WebKit, the decoder beside Pillow, and the
// conversion of a real checkpoint. Installs and builds what is missing.
//   npm run test:all    all of that and the rest: every flavor and file of tests in the newest Node.js and in this one,
//                       gradients and logits beside PyTorch, long browser tests, bundlers, other runtimes
//   --rest              the rest alone, after `npm test`
// RESNET50_TEST_MATERIAL names the folder with real checkpoints and photos; tests that need it skip by name without it.
// All steps run even if one fails; the report at the end repeats the failures.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ctest, nodeTests } from './collectors.mjs';
import { configureSanitized, configureWasm, needSanitizers, ninja, SANITIZED_FOLDER, WASM_FOLDER } from './compile.mjs';
import { fail as failWith, isProgram, needDevelopmentPackages, needPackages, newestNode, root, say } from './lib.mjs';
import { openRecord, printReport, resultsFolder, runStep } from './steps.mjs';
import { filesOf } from './test-plan.mjs';

const WHO = 'test';
const jobs = String(availableParallelism());
const material = process.env.RESNET50_TEST_MATERIAL ?? join(root, '..', 'shared');
const REPORTER = join(root, 'scripts', 'jsonl-reporter.mjs');

/** Reporters for `node --test`: for the reader, and for the report. */
const reporters = (folder) => [
  ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
  ...[`--test-reporter=${REPORTER}`, `--test-reporter-destination=${join(folder, 'tests.jsonl')}`],
];

class Run {
  constructor(record, env, newest) {
    Object.assign(this, { record, env, newest, ok: true, names: 0 });
  }

  async step(title, command, args, options = {}) {
    const ok = await runStep(this.record, WHO, title, command, args, {
      ...options,
      env: { ...this.env, ...options.env },
    });
    this.ok &&= ok;
    return ok;
  }

  /** A script of ours, in this Node.js or another. */
  node = (title, args, { node = process.execPath, ...options } = {}) => this.step(title, node, args, options);

  /** Test files of tests/node. */
  async javascript(title, names, node, env = {}) {
    const results = resultsFolder(`node-${this.names++}`);
    const files = names.map((name) => join('tests', 'node', name));
    const args = ['--test', `--test-concurrency=${jobs}`, ...reporters(results), ...files];
    await this.node(title, args, { node, env, results, collect: nodeTests });
  }

  /** Test files of tests/browser: 'short' or 'rest'. */
  async browsers(title, part) {
    const results = resultsFolder(`browser-${part}`);
    await this.node(title, ['tests/browser/run.mjs', `--${part}`, ...reporters(results)], {
      results,
      collect: nodeTests,
    });
  }

  /** Tests of a build folder. */
  async ctest(title, folder, args, env = {}) {
    const results = resultsFolder(`ctest-${this.names++}`);
    const common = ['--test-dir', folder, '--output-on-failure', '--parallel', jobs, '--no-tests=error'];
    await this.step(title, 'ctest', [...common, '--output-junit', join(results, 'ctest.xml'), ...args], {
      env,
      results,
      collect: ctest,
    });
  }
}

/** node scripts/test.mjs --compile native | wasm: a step of its own, as compiling says how far it is. */
async function compileTests(kind) {
  const [configure, folder] = { native: [configureSanitized, SANITIZED_FOLDER], wasm: [configureWasm, WASM_FOLDER] }[
    kind
  ];
  const env = await configure(WHO);
  await ninja(WHO, folder, ['resnet50_tests'], { what: `compiling the C++ tests, ${kind}`, env });
}

async function short(run, hasMaterial) {
  await run.node('building the package', ['scripts/build.mjs']);
  if (!existsSync(join(root, 'dist', 'cli.js'))) return;
  await run.node('compiling the C++ tests, native, sanitized', ['scripts/test.mjs', '--compile', 'native']);
  await run.node('compiling the C++ tests, wasm', ['scripts/test.mjs', '--compile', 'wasm']);
  await run.ctest('C++ tests, native, sanitized', SANITIZED_FOLDER, []);
  // Relaxed SIMD needs the newest Node.js; the wasm tests run in the first one of the PATH.
  const PATH = `${dirname(run.newest)}:${process.env.PATH}`;
  await run.ctest('C++ tests, wasm, newest Node.js', WASM_FOLDER, ['-LE', 'safe_heap'], { PATH });
  if (hasMaterial) {
    const probe = join(SANITIZED_FOLDER, 'tests', 'cpp', 'image_probe');
    await run.step('the decoder beside Pillow, on difficult files', '/usr/bin/python3', [
      'tests/tools/compare_decoder.py',
      probe,
    ]);
    await run.step('the decoder beside Pillow, on odd files', '/usr/bin/python3', [
      'tests/tools/compare_odd_files.py',
      probe,
    ]);
    await run.node('converting the real checkpoint', ['tests/test-weights.mjs'], { node: run.newest });
  }
  await run.javascript(
    `JavaScript tests, Node.js ${process.version}`,
    filesOf('short'),
    process.execPath,
    testWeights(hasMaterial),
  );
  await run.browsers('a page in Chromium, Firefox and WebKit', 'short');
}

const testWeights = (hasMaterial) =>
  hasMaterial ? { RESNET50_TEST_WEIGHTS: join(root, 'build', 'test-weights') } : {};

async function rest(run, hasMaterial) {
  const gradients = join(root, 'build', 'layer4_gradients.safetensors');
  await run.step('gradients of layer4 by PyTorch', '/usr/bin/python3', [
    'tests/data/make/make_layer4_gradients.py',
    '--full',
    gradients,
  ]);
  await run.ctest('C++ tests beside those gradients', SANITIZED_FOLDER, ['-R', 'Layer4Gradients'], {
    RESNET50_GRADIENTS: gradients,
  });
  const env = testWeights(hasMaterial);
  await run.javascript('JavaScript tests, newest Node.js', filesOf('all'), run.newest, env);
  if (run.newest !== process.execPath) {
    await run.javascript(`more JavaScript tests, Node.js ${process.version}`, filesOf('oldest'), process.execPath, {
      ...env,
      RESNET50_CONVERTED_ONCE: '1',
    });
  }
  await run.browsers('long tests in browsers, bundlers and other runtimes', 'rest');
}

/** Programs and packages that the tests need. */
async function prepare(parts) {
  await needPackages(
    WHO,
    {
      ...{
        clang: 'clang',
        'g++': 'g++',
        cmake: 'cmake',
        ninja: 'ninja-build',
        xz: 'xz-utils',
        strace: 'strace',
        '/usr/bin/python3': 'python3',
      },
      ...{ '/usr/bin/chromium': 'chromium', '/usr/bin/firefox-esr': 'firefox-esr' },
      ...{ '/usr/bin/WebKitWebDriver': 'webkit2gtk-driver', '/usr/bin/Xvfb': 'xvfb' },
      ...(parts.includes('rest')
        ? { '/usr/sbin/nginx': 'nginx-light', 'redis-server': 'redis-server', parallel: 'parallel' }
        : {}),
    },
    [
      ...['libgtest-dev', 'googletest', 'python3-pil', 'python3-numpy'],
      ...(parts.includes('rest') ? ['python3-torchvision', 'python3-sklearn'] : []),
    ],
  );
  await needSanitizers(WHO);
  await needDevelopmentPackages(WHO);
}

async function main(parts) {
  const env = {};
  const hasMaterial = existsSync(material);
  if (hasMaterial) env.RESNET50_TEST_MATERIAL = material;
  else if (process.env.CI)
    failWith(WHO, `the test material is required in CI: set RESNET50_TEST_MATERIAL (looked in ${material})`);
  else say(WHO, `no test material in ${material}: tests on real checkpoints and photos are skipped`);
  await prepare(parts);
  env.RESNET50_NEWEST_NODE = await newestNode(WHO);
  const record = openRecord();
  const run = new Run(record, env, env.RESNET50_NEWEST_NODE);
  if (parts.includes('short')) await short(run, hasMaterial);
  if (parts.includes('rest')) await rest(run, hasMaterial);
  const ok = record.ours ? printReport(record.file) : run.ok;
  process.exitCode = ok ? 0 : 1;
}

if (isProgram(import.meta.url)) {
  const { values } = parseArgs({
    options: { all: { type: 'boolean' }, rest: { type: 'boolean' }, compile: { type: 'string' } },
  });
  if (values.compile) await compileTests(values.compile);
  else await main(values.all ? ['short', 'rest'] : values.rest ? ['rest'] : ['short']);
}
