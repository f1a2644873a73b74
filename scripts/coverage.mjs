// npm run coverage [-- cpp [ROOM...] | typescript]: which lines of our own sources the tests run; both without arguments.
// C++: the native tests, gcc's counters, gcovr. TypeScript: the tests of Node.js, istanbul's counters (instrument.mjs).
// Not part of npm test: it says where to look.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { coverageTools } from './instrument.mjs';
import { fail as failWith, installIntoBuild, needPackages, newestNode, root } from './tools.mjs';

const fail = (sentence) => failWith('coverage', sentence);
const ISTANBUL = ['istanbul-lib-instrument@6.0.3', 'istanbul-lib-coverage@3.2.2', 'istanbul-lib-report@3.0.1', 'istanbul-reports@3.2.0'];

function run(what, command, args, environment = process.env) {
  console.error(`coverage: ${what}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment });
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

/** Prints a table of all counts in the folder. */
function report(folder) {
  const map = coverageTools('istanbul-lib-coverage').createCoverageMap({});
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    map.merge(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }
  if (map.files().length === 0) fail(`the tests left no counts in ${folder}`);
  const context = coverageTools('istanbul-lib-report').createContext({ dir: folder, coverageMap: map });
  coverageTools('istanbul-reports').create('text', { maxCols: 160 }).execute(context);
}

/** The package in dist/ has counters meanwhile; what tests its files fails then, and says nothing. */
function typescript() {
  if (!existsSync(join(root, 'build', 'coverage-tools', 'node_modules'))) {
    console.error('coverage: installing istanbul');
    if (!installIntoBuild('coverage-tools', ISTANBUL)) fail('istanbul could not be installed (see above)');
  }
  const folder = join(root, 'build', 'coverage-typescript');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const environment = { ...process.env, RESNET50_COVERAGE: folder, RESNET50_NEWEST_NODE: newestNode('coverage') };
  const build = [join(root, 'web', 'build.mjs')];
  run('building with counters', process.execPath, build, environment);
  console.error('coverage: the tests');
  const ofFiles = ['sizes.test.mjs', 'supply.test.mjs'];
  const tests = readdirSync(join(root, 'tests', 'node')).filter((name) => name.endsWith('.test.mjs') && !ofFiles.includes(name));
  const args = ['--test', '--test-concurrency=2', ...tests.map((name) => join('tests', 'node', name))];
  const { status } = spawnSync(environment.RESNET50_NEWEST_NODE, args, { cwd: root, stdio: 'inherit', env: environment });
  run('building without', process.execPath, build);
  report(folder);
  if (status !== 0) fail('some tests failed (see above): the counts lack what they would have run');
}

const [language, ...rooms] = process.argv.slice(2);
const languages = { cpp, typescript };
if (language !== undefined && !(language in languages)) fail(`${language} is neither cpp nor typescript`);
if (language !== 'typescript') cpp(rooms);
if (language !== 'cpp') typescript();
