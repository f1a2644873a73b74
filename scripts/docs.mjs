// npm run docs [-- --base /PATH/]: the documents, the API's reference (by TypeDoc from the declarations) and the demo as one
// static site in build/docs-site, with search. VitePress makes it, and fails if a link between pages leads nowhere.
//   --base /PATH/   the path that it will be served under  [/]
//   --url ADDRESS   its whole address, for previews of links to the demo
//   --no-demo       without the demo and its 12 MB of weights
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseArgs } from 'node:util';
import { weightsIn, writeSite } from '../demo/site.mjs';
import { fail, installIntoBuild, root, runQuietly, say, seconds } from './lib.mjs';
import { demoWeights } from './weights.mjs';

const WHO = 'docs';
/** TypeDoc reads declarations with a TypeScript of its own, because TypeScript 7 has no such API. */
const TOOLS = ['vitepress@1.6.4', 'typedoc@0.28.20', 'typedoc-plugin-markdown@4.14.1', 'typescript@6.0.3'];
const TOOLS_FOLDER = join(root, 'build', 'docs');
/** Below the tools, so that pages find them. */
const PAGES = join(TOOLS_FOLDER, 'pages');
const SITE = join(root, 'build', 'docs-site');
const ENTRIES = ['index', 'static', 'isolation', 'convert'];

const tool = (...path) => join(TOOLS_FOLDER, 'node_modules', ...path);

async function needTools() {
  const isThere = (name) => {
    const [, title, version] = /^(.+)@(.+)$/.exec(name);
    const manifest = tool(title, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  };
  if (TOOLS.every(isThere)) return;
  say(WHO, `installing ${TOOLS.join(', ')} into build/docs`);
  if (!(await installIntoBuild(WHO, 'docs', TOOLS))) fail(WHO, 'they could not be installed (see above)');
}

/** Paths of the documents, relative to the repository. */
function documents() {
  const markdownIn = (folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => posix.join(folder, name));
  return ['.', 'docs', 'examples', 'bench', 'weights'].flatMap(markdownIn);
}

/** Where the repository's files can be seen; undefined if package.json does not say. */
function sourceAddress() {
  const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const url = (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, '');
  return url && `${url}/blob/main`;
}

/** The page of a folder is its index on the site, its README in the repository. */
const onSite = (path) => path.replace(/(^|\/)README\.md/, '$1index.md');

/** A document with links that work on the site: those to files that are no pages lead to the repository, or are plain text. */
function forSite(path, text, pages, source) {
  const link = (whole, words, target) => {
    const [file] = target.split('#');
    if (/^\w+:/.test(target) || file === '') return whole;
    const full = posix.join(posix.dirname(path), file);
    if (pages.includes(full)) return `[${words}](${onSite(target)})`;
    if (/\.(svg|webp)$/.test(full)) return whole;
    return source === undefined ? words : `[${words}](${source}/${full})`;
  };
  return text.replace(/(?<!!)\[([^\]]+)\]\(([^)\s]+)\)/g, link);
}

/** Puts the documents, their pictures and the configuration where VitePress reads them. */
function stage() {
  rmSync(PAGES, { recursive: true, force: true });
  const pages = documents();
  const source = sourceAddress();
  for (const path of pages) {
    mkdirSync(dirname(join(PAGES, path)), { recursive: true });
    writeFileSync(join(PAGES, onSite(path)), forSite(path, readFileSync(join(root, path), 'utf8'), pages, source));
  }
  cpSync(join(root, 'docs', 'images'), join(PAGES, 'docs', 'images'), { recursive: true });
  copyFileSync(join(root, 'docs', 'size-accuracy.svg'), join(PAGES, 'docs', 'size-accuracy.svg'));
  mkdirSync(join(PAGES, 'public'));
  copyFileSync(join(root, 'demo', 'page', 'icon.svg'), join(PAGES, 'public', 'icon.svg'));
  const settings = { 'config.mjs': 'config.mjs', 'theme.mjs': 'theme/index.mjs', 'style.css': 'theme/style.css' };
  mkdirSync(join(PAGES, '.vitepress', 'theme'), { recursive: true });
  for (const [from, to] of Object.entries(settings))
    copyFileSync(join(root, 'docs', 'site', from), join(PAGES, '.vitepress', to));
}

/** The reference, as pages of the same site, from the declarations that the build wrote. */
async function writeReference() {
  const types = join(root, 'build', 'types');
  const entries = ENTRIES.map((name) => join(types, `${name}.d.ts`));
  const missing = entries.find((file) => !existsSync(file));
  if (missing) fail(WHO, `${missing} is not there: run 'npm run build' first`);
  const config = join(TOOLS_FOLDER, 'tsconfig.json');
  const compilerOptions = {
    ...{
      target: 'es2022',
      module: 'esnext',
      moduleResolution: 'bundler',
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    },
    ...{ lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'], types: [] },
  };
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions, files: [join(types, 'globals.d.ts'), ...entries].filter(existsSync) }),
  );
  await runQuietly(WHO, 'the reference', process.execPath, [
    tool('typedoc', 'bin', 'typedoc'),
    ...['--plugin', tool('typedoc-plugin-markdown', 'dist', 'index.js'), '--tsconfig', config],
    ...['--basePath', types, '--readme', 'none', '--name', 'Reference', '--excludePrivate', '--excludeInternal'],
    ...['--disableSources', '--hideBreadcrumbs', 'true', '--hidePageHeader', 'true', '--entryFileName', 'index'],
    ...['--out', join(PAGES, 'reference'), ...entries.flatMap((entry) => ['--entryPoints', entry])],
  ]);
}

async function main() {
  const options = { base: { type: 'string', default: '/' }, url: { type: 'string' }, 'no-demo': { type: 'boolean' } };
  const { values } = parseArgs({ options });
  if (!/^\/(.+\/)?$/.test(values.base)) fail(WHO, `--base ${values.base}: must begin and end with /`);
  const begun = performance.now();
  await needTools();
  stage();
  await writeReference();
  const env = { RESNET50_DOCS_BASE: values.base, RESNET50_DOCS_OUT: SITE };
  await runQuietly(WHO, 'the site', process.execPath, [tool('vitepress', 'bin', 'vitepress.js'), 'build', PAGES], {
    env,
  });
  if (!values['no-demo']) {
    await writeSite({
      out: join(SITE, 'demo'),
      weights: [weightsIn(demoWeights.folder)],
      isolationWorker: true,
      docs: '../',
      url: values.url && new URL('demo/', values.url).href,
    });
  }
  say(WHO, `build/docs-site holds the site, for ${values.base} (${seconds(begun)} s)`);
}

await main();
