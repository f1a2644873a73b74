// The page's modules and style sheets as a few files with their hash in their name, and the pages, of parts, that name them: everything
// a page needs is asked for at once. Knows nothing of weights or of servers.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What the pages name; all else is found from there. */
const ENTRIES = ['app.js', 'teach.js', 'own.js', 'style/index.css', 'style/teach.css', 'style/own.css'];
const PAGES = ['index.html', 'teach.html', 'own.html'];
/** Stands in the sources for the hash of the page's only inline script. */
const GUARD = 'sha256-of-the-guard';

/** The package keeps its own files: its workers are found from where it lies, in a folder beside the pages. */
const packageBeside = (folder) => ({
  name: 'package-beside',
  setup({ onResolve }) {
    onResolve({ filter: /^resnet50-wasm$/ }, () => ({ path: `../${folder}/index.js`, external: true }));
    onResolve({ filter: /^resnet50-wasm\/convert$/ }, () => ({ path: `../${folder}/convert.js`, external: true }));
    onResolve({ filter: /^\.\/dist\// }, ({ path }) => ({
      path: path.replace('./dist', `../${folder}`),
      external: true,
    }));
  },
});

/**
 * Writes the pages and what they consist of into a folder.
 * @param {string} page folder of the sources
 * @param {string} out
 * @param {string} folder name of the folder there that holds the package's files
 * @param {string} [docs] address of the documentation
 */
export async function bundlePages(page, out, folder, docs) {
  const { build } = await import('esbuild'); // late: in a clean clone, the build installs it
  const { metafile } = await build({
    ...{ absWorkingDir: page, entryPoints: ENTRIES, outdir: out, outbase: page, plugins: [packageBeside(folder)] },
    ...{ bundle: true, splitting: true, format: 'esm', target: 'es2022', minify: true, metafile: true },
    ...{ entryNames: 'assets/[name]-[hash]', chunkNames: 'assets/[name]-[hash]', logLevel: 'warning' },
    legalComments: 'none',
  });
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint, imports }]) => ({
    ...{ file: `assets/${basename(path)}`, entry: entryPoint },
    imports: imports.map((used) => (used.external ? used.path.slice('../'.length) : `assets/${basename(used.path)}`)),
  }));
  for (const name of PAGES) {
    const link = docs === undefined ? '' : ` <a href="${docs}">Documentation</a>.`;
    const source = withParts(page, readFileSync(join(page, name), 'utf8'));
    const text = withPlace(source, name).replace('<!-- documentation -->', link);
    writeFileSync(join(out, name), withGuard(withBundles(text, outputs)));
  }
}

/** The page with what it has in common with others: files of the folder parts. */
const withParts = (page, text) =>
  text.replace(/ *<!-- part: (\w+) -->\n/g, (_, part) => readFileSync(join(page, 'parts', `${part}.html`), 'utf8'));

/** The page with words where its list of pages has a link to itself. */
const withPlace = (text, name) =>
  text.replace(/<a ([^>]*)href="([^"]+)">([^<]+)<\/a>/g, (link, more, href, words) =>
    href === (name === 'index.html' ? './' : name) ? `<span ${more}aria-current="page">${words}</span>` : link,
  );

/** The page with the bundles in the place of their sources, and with links that load what they import. */
function withBundles(text, outputs) {
  const needed = new Set(['site.json']);
  const need = (file) => {
    needed.add(file);
    for (const used of outputs.find((output) => output.file === file)?.imports ?? []) need(used);
  };
  let page = text;
  for (const { file, entry, imports } of outputs.filter((output) => page.includes(`"${output.entry}"`))) {
    page = page.replace(`"${entry}"`, `"${file}"`);
    imports.forEach(need);
  }
  const links = [...needed].map((file) =>
    file.endsWith('.js')
      ? `<link rel="modulepreload" href="${file}">`
      : `<link rel="preload" href="${file}" as="fetch" crossorigin>`,
  );
  return page.replace('</head>', `  ${links.join('\n  ')}\n</head>`);
}

/** The page with the hash of its inline script in its policy. */
function withGuard(page) {
  const [, script] = /<script>([\s\S]*?)<\/script>/.exec(page);
  return page.replace(GUARD, `sha256-${createHash('sha256').update(script).digest('base64')}`);
}
