// npm test: everything that can fail, from a clean clone. Installs what is missing, builds, then runs the C++ tests
// natively under AddressSanitizer and UBSan, the same core's tests in wasm, the JavaScript tests in the newest Node.js
// and in this one, and those of the packed package in browsers, bundlers and other runtimes.
// RESNET50_TEST_MATERIAL names the folder with real checkpoints and photos; tests that need it skip by name without it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fail as failWith, needPackages, newestNode, root } from './tools.mjs';

const material = process.env.RESNET50_TEST_MATERIAL ?? join(root, '..', 'shared');
const jobs = String(availableParallelism());

const fail = (sentence) => failWith('test', sentence);

function step(title, command, args, environment = process.env) {
  console.error(`test: ${title}`);
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment });
  if (result.status !== 0) fail(`${title}: failed (see above)`);
  console.error(`test: ${title}: ${Math.round((Date.now() - started) / 1000)} s`);
}

needPackages(
  'test',
  {
    ...{ 'g++': 'g++', cmake: 'cmake', ninja: 'ninja-build', xz: 'xz-utils', '/usr/bin/python3': 'python3' },
    ...{ '/usr/bin/chromium': 'chromium', '/usr/bin/firefox-esr': 'firefox-esr' },
  },
  ['libgtest-dev', 'googletest', 'python3-torchvision', 'python3-pil', 'python3-numpy', 'python3-sklearn'],
);
const environment = { ...process.env };
const hasMaterial = existsSync(material);
if (hasMaterial) {
  environment.RESNET50_TEST_MATERIAL = material;
} else {
  if (process.env.CI) fail(`the test material is required in CI: set RESNET50_TEST_MATERIAL (looked in ${material})`);
  console.error(`test: no test material in ${material}: tests on real checkpoints and photos are skipped`);
}
const newest = newestNode('test');
environment.RESNET50_NEWEST_NODE = newest;
const run = (title, args, node = process.execPath) => step(title, node, args, environment);
const javascript = (names) => ['--test', '--test-concurrency=2', ...names.map((name) => join('tests', 'node', name))];

run('building the package', ['cmake/build.mjs']);
step('configuring the native core with ASan and UBSan', 'cmake', ['-S', '.', '-B', 'build/native-sanitized', '-G', 'Ninja', '-DRESNET50_SANITIZE=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', '--log-level=WARNING']);
step('compiling the native core', 'cmake', ['--build', 'build/native-sanitized', '--parallel', jobs]);
step('gradients of layer4 by PyTorch', '/usr/bin/python3', ['tests/data/make_layer4_gradients.py', '--full', 'build/layer4_gradients.safetensors']);
environment.RESNET50_GRADIENTS = join(root, 'build', 'layer4_gradients.safetensors');
step('C++ tests, native, sanitized', 'ctest', ['--test-dir', 'build/native-sanitized', '--output-on-failure', '--parallel', jobs], environment);
run('C++ tests, wasm under Node.js', ['cmake/test-wasm.mjs']);
if (hasMaterial) {
  step('the decoder beside Pillow, on difficult files', '/usr/bin/python3', ['tests/tools/compare_decoder.py', 'build/native-sanitized/tests/cpp/image_probe'], environment);
  run('converting the real checkpoint', ['tests/test-weights.mjs'], newest);
  environment.RESNET50_TEST_WEIGHTS = join(root, 'build', 'test-weights');
}
const all = readdirSync(join(root, 'tests', 'node')).filter((name) => name.endsWith('.test.mjs'));
run('JavaScript tests, newest Node.js', javascript(all), newest);
environment.RESNET50_CONVERTED_ONCE = '1';
if (newest !== process.execPath) run(`JavaScript tests, Node.js ${process.version}`, javascript(['cli.test.mjs', 'end-to-end.test.mjs', 'model.test.mjs']));
run('tests in browsers, bundlers and other runtimes', ['tests/browser/run.mjs']);
