// npm run coverage -- cpp | ts: which lines of our own code the tests run. Not part of npm test: it says where to look.
//   cpp  the C++ tests natively, by room (gcc's counters, gcovr)
//   ts   the JavaScript tests in the newest Node.js (V8's counters, c8); what only browsers run counts as not run
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail as failWith, needPackages, newestNode, root } from './tools.mjs';

const fail = (sentence) => failWith('coverage', sentence);

function run(what, command, args, environment = {}) {
  console.error(`coverage: ${what}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
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

function typescript() {
  const counters = join(root, 'build', 'coverage-ts');
  rmSync(counters, { recursive: true, force: true });
  run('bundling with source maps', process.execPath, ['web/build.mjs'], { RESNET50_SOURCE_MAPS: '1' });
  const node = newestNode('coverage');
  // Sizes and notices are those of bundles without maps.
  const left = ['sizes.test.mjs', 'supply.test.mjs'];
  const files = readdirSync(join(root, 'tests', 'node')).filter((name) => name.endsWith('.test.mjs') && !left.includes(name));
  run('the tests', node, ['--test', '--test-concurrency=2', ...files.map((name) => join('tests', 'node', name))], { NODE_V8_COVERAGE: counters });
  const report = ['report', '--temp-directory', counters, '--reporter', 'text', '--all', '--src', 'web', '--include', 'web/**/*.ts', '--exclude-after-remap'];
  run('counting', process.execPath, [join('node_modules', 'c8', 'bin', 'c8.js'), ...report]);
  run('bundling without source maps', process.execPath, ['web/build.mjs']);
}

const [kind, ...rooms] = process.argv.slice(2);
if (kind === 'cpp') cpp(rooms);
else if (kind === 'ts') typescript();
else fail('say which: cpp or ts');
