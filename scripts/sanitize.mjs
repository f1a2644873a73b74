// npm run sanitize -- threads | heap | memory [ROOM...]: C++ code under checks that are too slow for every run of the tests.
//   threads  natively under ThreadSanitizer: the tests of the rooms that use the thread pool
//   heap     in wasm with -sSAFE_HEAP, every load and store checked: all tests, relaxed SIMD with threads
//   memory   natively under MemorySanitizer, no value used that was never written: the decoder, on 100,000 mutants of the
//            pictures in tests/data (no test: GoogleTest and libFuzzer bring C++ code that is not instrumented)
import { dirname, join } from 'node:path';
import {
  configureNative,
  configureSanitized,
  configureWasm,
  needSanitizers,
  ninja,
  SANITIZED_FOLDER,
  WASM_FOLDER,
} from './compile.mjs';
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

/** The seed of the mutants, how many there are, and their longest length in bytes. */
const MUTANTS = ['1', '100000', '2048'];

/** The decoder under MemorySanitizer. The mutants come from a program without it, as it reads files with C++'s streams. */
async function memory() {
  await needSanitizers(WHO);
  const folder = join('build', 'native-memory');
  const compilers = ['-DCMAKE_C_COMPILER=clang', '-DCMAKE_CXX_COMPILER=clang++'];
  const settings = [...compilers, '-DRESNET50_SANITIZE_MEMORY=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo'];
  const env = await configureNative(WHO, folder, settings);
  await ninja(WHO, folder, ['replay_decode'], { what: 'compiling the decoder', env });
  await configureSanitized(WHO);
  await ninja(WHO, SANITIZED_FOLDER, ['image_mutants'], { what: 'compiling the mutator', env });
  const mutants = join(root, SANITIZED_FOLDER, 'tests', 'cpp', 'image_mutants');
  const decoder = join(root, folder, 'tests', 'fuzz', 'replay_decode');
  const data = ['image', 'fuzz'].map((name) => join(root, 'tests', 'data', name));
  const words = [mutants, ...MUTANTS, ...data].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const pipe = `set -o pipefail; ${words} | '${decoder.replaceAll("'", "'\\''")}'`;
  const { status, output } = await runLoudly(WHO, 'the decoder', 'bash', ['-c', pipe], {});
  if (status !== 0) fail(WHO, 'MemorySanitizer has a report (see above)');
  console.log(`${WHO}: memory: ${output.trim()} files decoded, no report`);
}

const [kind, ...given] = process.argv.slice(2);
if (kind === 'memory') {
  await memory();
  process.exit();
}
if (!Object.hasOwn(KINDS, kind ?? '')) fail(WHO, `say which: ${[...Object.keys(KINDS), 'memory'].join(', ')}`);
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
