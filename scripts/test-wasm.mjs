// node cmake/test-wasm.mjs: the C++ tests, compiled to WebAssembly and run under Node.js. The relaxed-threads flavour holds
// every form of the kernels and the thread pool. RESNET50_NEWEST_NODE names a Node.js with final relaxed SIMD.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { emscriptenEnvironment, fail, root } from './tools.mjs';

const folder = 'build/wasm-tests';
const node = process.env.RESNET50_NEWEST_NODE ?? process.execPath;
const jobs = String(availableParallelism());

function run(what, command, args, environment) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment });
  if (status !== 0) fail('test', `${what} failed (see above)`);
}

const environment = emscriptenEnvironment();
const settings = ['-DRESNET50_FLAVOUR=relaxed-threads', '-DRESNET50_WASM_TESTS=ON', `-DRESNET50_TEST_NODE=${node}`];
run('configuring', 'emcmake', ['cmake', '-S', '.', '-B', folder, '-G', 'Ninja', '--log-level=WARNING', ...settings], environment);
run('compiling', 'cmake', ['--build', folder, '--parallel', jobs, '--target', 'resnet50_tests'], environment);
run('the tests', 'ctest', ['--test-dir', join(folder), '--output-on-failure', '--parallel', jobs], environment);
