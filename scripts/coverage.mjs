// npm run coverage [-- cpp [ROOM...] | typescript]: which lines of our own sources the tests run; both without arguments.
// C++: the native tests, gcc's counters, gcovr. TypeScript: the tests of Node.js, istanbul's counters (instrument.mjs).
// Not part of npm test: it says where to look.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { configureNative, ninja } from './compile.mjs';
import { coverageTools } from './instrument.mjs';
import { fail as failWith, installIntoBuild, needPackages, newestNode, root, runLoudly, say } from './lib.mjs';

const WHO = 'coverage';
const fail = (sentence) => failWith(WHO, sentence);
const ISTANBUL = [
  'istanbul-lib-instrument@6.0.3',
  'istanbul-lib-coverage@3.2.2',
  'istanbul-lib-report@3.0.1',
  'istanbul-reports@3.2.0',
];

async function run(what, command, args, env = {}) {
  say(WHO, what);
  const { status } = await runLoudly(WHO, what, command, args, { env });
  if (status !== 0) fail(`${what} failed (see above)`);
}

async function cpp(rooms) {
  await needPackages(WHO, { gcovr: 'gcovr' });
  const folder = join('build', 'coverage');
  const settings = [
    '-DRESNET50_COVERAGE=ON',
    '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
    '-DCMAKE_CXX_COMPILER=g++',
    '-DCMAKE_C_COMPILER=gcc',
  ];
  const env = await configureNative(WHO, folder, settings);
  await ninja(WHO, folder, rooms.length > 0 ? rooms.map((room) => `${room}_test`) : ['resnet50_tests'], { env });
  const chosen = rooms.length > 0 ? ['-L', `^(${rooms.join('|')})$`] : [];
  await run('the tests', 'ctest', ['--test-dir', folder, '--output-on-failure', '--parallel', '2', ...chosen]);
  await run('counting', 'gcovr', [
    '--root',
    root,
    '--filter',
    'src/',
    '--print-summary',
    '--exclude-unreachable-branches',
    folder,
  ]);
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
async function typescript() {
  if (!existsSync(join(root, 'build', 'coverage-tools', 'node_modules'))) {
    say(WHO, 'installing istanbul');
    if (!(await installIntoBuild(WHO, 'coverage-tools', ISTANBUL))) fail('istanbul could not be installed (see above)');
  }
  const folder = join(root, 'build', 'coverage-typescript');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const newest = await newestNode(WHO);
  const env = { RESNET50_COVERAGE: folder, RESNET50_NEWEST_NODE: newest };
  const build = [join(root, 'scripts', 'build-javascript.mjs')];
  await run('building with counters', process.execPath, build, env);
  say(WHO, 'the tests');
  const ofFiles = ['sizes.test.mjs', 'notices-sbom.test.mjs'];
  const tests = readdirSync(join(root, 'tests', 'node')).filter(
    (name) => name.endsWith('.test.mjs') && !ofFiles.includes(name),
  );
  const args = ['--test', '--test-concurrency=2', ...tests.map((name) => join('tests', 'node', name))];
  const { status } = await runLoudly(WHO, 'the tests', newest, args, { env });
  await run('building without', process.execPath, build);
  report(folder);
  if (status !== 0) fail('some tests failed (see above): the counts lack what they would have run');
}

const [language, ...rooms] = process.argv.slice(2);
const languages = { cpp, typescript };
if (language !== undefined && !(language in languages)) fail(`${language} is neither cpp nor typescript`);
if (language !== 'typescript') await cpp(rooms);
if (language !== 'cpp') await typescript();
