// The page that the teach page gives away, without the network: one file with script, style and licenses in it.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const escaped = (text) => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

async function bundled(page, options) {
  const { build } = await import('esbuild'); // late: in a clean clone, the build installs it
  const { outputFiles } = await build({
    ...{ absWorkingDir: page, bundle: true, minify: true, target: 'es2022', write: false, logLevel: 'warning' },
    ...{ legalComments: 'none', ...options },
  });
  return outputFiles[0].text;
}

/** HTML with a place for the files of the network. */
async function onePage(page, dist) {
  const packageInside = {
    name: 'package-inside',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^resnet50-wasm\/static$/ }, () => ({ path: join(dist, 'static.js') })),
  };
  const [script, style] = await Promise.all([
    bundled(page, {
      ...{ entryPoints: ['one-page.js'], format: 'iife', plugins: [packageInside] },
      define: { 'import.meta.url': 'document.baseURI' }, // a plain script is no module, and nothing lies beside it
    }),
    bundled(page, { entryPoints: ['style/one-page.css'] }),
  ]);
  const licenses = [join(dist, '..', 'LICENSE'), join(dist, 'THIRD-PARTY-NOTICES.txt')];
  const words = licenses.map((file) => escaped(readFileSync(file, 'utf8'))).join('\n\n');
  const places = { '/* script */': script, '/* style */': style, '<!-- licenses -->': words };
  return Object.entries(places).reduce(
    (text, [place, content]) => text.replace(place, () => content),
    readFileSync(join(page, 'one-page.html'), 'utf8'),
  );
}

/**
 * Writes the page into the site.
 * @param {string} out folder of the site
 * @param {string} page folder of the sources
 * @param {{ dist: string, folder: string }} built the package as built, and the name of its folder in the site
 * @returns {Promise<{ bytes: number, wasm: { file: string, bytes: number }[] }>} what goes into such a page besides the network
 */
export async function writeOnePage(out, page, { dist, folder }) {
  const text = await onePage(page, dist);
  writeFileSync(join(out, 'one-page.html'), text);
  const wasm = ['relaxed', 'simd'].map((flavour) => `wasm/resnet50-${flavour}.wasm`);
  return {
    bytes: Buffer.byteLength(text),
    wasm: wasm.map((file) => ({ file: `${folder}/${file}`, bytes: statSync(join(dist, file)).size })),
  };
}
