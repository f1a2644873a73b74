// npm run coverage [-- ROOM...]: which lines of our own C++ the native tests run (gcc's counters, gcovr). Not part of npm
// test: it says where to look.
import { spawnSync } from 'node:child_process';
import { fail as failWith, needPackages, root } from './tools.mjs';

const fail = (sentence) => failWith('coverage', sentence);

function run(what, command, args) {
  console.error(`coverage: ${what}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  return status === 0 || fail(`${what} failed (see above)`);
}

function cpp(rooms) {
  needPackages('coverage', { cmake: 'cmake', ninja: 'ninja-build', 'g++': 'g++', gcovr: 'gcovr' }, ['libgtest-dev']);
  const folder = 'build/coverage';
  const settings = ['-DRESNET50_COVERAGE=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', '-DCMAKE_CXX_COMPILER=g++', '-DCMAKE_C_COMPILER=gcc'];
  run('configuring', 'cmake', ['-S', '.', '-B', folder, '-G', 'Ninja', '--log-level=WARNING', ...settings]);
  run('compiling', 'cmake', ['--build', folder, '--parallel', '2', '--target', ...(rooms.length > 0 ? rooms.map((room) => `${room}_test`) : ['resnet50_tests'])]);
  const chosen = rooms.length > 0 ? ['-R', `^(${rooms.join('|')})$`] : [];
  run('the tests', 'ctest', ['--test-dir', folder, '--output-on-failure', '--parallel', '2', ...chosen]);
  run('counting', 'gcovr', ['--root', root, '--filter', 'src/', '--print-summary', '--exclude-unreachable-branches', folder]);
}

cpp(process.argv.slice(2));
