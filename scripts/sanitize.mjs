// npm run sanitize -- threads | heap [ROOM...]: C++ tests under checks that are too slow for every run of the tests.
//   threads  natively under ThreadSanitizer: the rooms that use the thread pool
//   heap     in wasm with -sSAFE_HEAP, every load and store checked: all rooms, relaxed SIMD with threads
import { dirname, join } from 'node:path';
import { configureNative, configureWasm, ninja, WASM_FOLDER } from './compile.mjs';
import { fail, newestNode, root, runLoudly } from './lib.mjs';

const WHO = 'sanitize';

const KINDS = {
  threads: {
    rooms: ['threads', 'network', 'training'],
    folder: join('build', 'native-threads'),
    configure: (folder) =>
      configureNative(WHO, folder, ['-DRESNET50_SANITIZE_THREADS=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo']),
    program: (room) => `${room}_test`,
    tests: (rooms) => ['-L', `^(${rooms.join('|')})$`],
  },
  heap: {
    rooms: ['image', 'weights', 'checkpoint', 'network', 'kernels', 'head', 'training'],
    folder: WASM_FOLDER,
    configure: (folder) => configureWasm(WHO, folder),
    program: (room) => `${room}_test_safe_heap`,
    tests: (rooms) => ['-R', `^(${rooms.join('|')})_safe_heap$`],
  },
};

const [kind, ...given] = process.argv.slice(2);
if (!Object.hasOwn(KINDS, kind ?? '')) fail(WHO, `say which: ${Object.keys(KINDS).join(' or ')}`);
const { rooms, folder, configure, program, tests } = KINDS[kind];
const chosen = given.length > 0 ? given : rooms;
const unknown = chosen.find((room) => !rooms.includes(room));
if (unknown !== undefined) fail(WHO, `there is no room '${unknown}' for ${kind}, only ${rooms.join(', ')}`);
const env = await configure(folder);
await ninja(WHO, folder, chosen.map(program), { what: 'compiling the tests', env });
const args = ['--test-dir', join(root, folder), '--output-on-failure', '--no-tests=error', ...tests(chosen)];
// The wasm tests run in the first node of the PATH, which must know relaxed SIMD.
const PATH = `${dirname(await newestNode(WHO))}:${process.env.PATH}`;
const { status } = await runLoudly(WHO, 'the tests', 'ctest', args, { env: { PATH } });
if (status !== 0) fail(WHO, 'the tests failed (see above)');
