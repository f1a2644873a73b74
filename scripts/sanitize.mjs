// npm run sanitize -- threads | heap [ROOM...]: C++ tests under checks that are too slow for every run of the tests.
//   threads  natively under ThreadSanitizer: the rooms that use the thread pool
//   heap     in wasm with -sSAFE_HEAP, every load and store checked: all rooms, relaxed SIMD with threads
import { spawnSync } from 'node:child_process';
import { emscriptenEnvironment, fail as failWith, needPackages, newestNode, root } from './tools.mjs';

const fail = (sentence) => failWith('sanitize', sentence);

function run(what, command, args, environment = process.env) {
  console.error(`sanitize: ${what}`);
  if (spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment }).status !== 0) fail(`${what} failed (see above)`);
}

const KINDS = {
  threads: () => ({ folder: 'build/native-threads', rooms: ['network', 'training'], settings: ['-DRESNET50_SANITIZE_THREADS=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo'] }),
  heap: () => ({
    folder: 'build/wasm-safe-heap',
    rooms: ['image', 'weights', 'checkpoint', 'network', 'kernels', 'head', 'training'],
    settings: ['-DRESNET50_FLAVOUR=relaxed-threads', '-DRESNET50_WASM_TESTS=ON', '-DRESNET50_SAFE_HEAP=ON', `-DRESNET50_TEST_NODE=${newestNode('sanitize')}`],
    environment: emscriptenEnvironment(),
  }),
};

const [kind, ...given] = process.argv.slice(2);
if (!Object.hasOwn(KINDS, kind ?? '')) fail(`say which: ${Object.keys(KINDS).join(' or ')}`);
needPackages('sanitize', { cmake: 'cmake', ninja: 'ninja-build', 'c++': 'g++' });
const { folder, rooms, settings, environment } = KINDS[kind]();
const tests = given.length > 0 ? given : rooms;
const configure = ['cmake', '-S', '.', '-B', folder, '-G', 'Ninja', '--log-level=WARNING', ...settings];
if (environment) run('configuring', 'emcmake', configure, environment);
else run('configuring', configure[0], configure.slice(1));
run('compiling', 'cmake', ['--build', folder, '--parallel', '2', '--target', ...tests.map((room) => `${room}_test`)], environment);
run('the tests', 'ctest', ['--test-dir', folder, '--output-on-failure', '-R', `^(${tests.join('|')})$`], environment);
