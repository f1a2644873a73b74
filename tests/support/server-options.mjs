// Everything that the tests serve to pages: the installed package, weights, pictures and tools.
import { join } from 'node:path';
import { ROOT } from './prepare.mjs';
import { prepared } from './prepared.mjs';
import { STRICT_CSP } from './server.mjs';

const ICON = '<svg xmlns="http://www.w3.org/2000/svg"/>';
const BLANK = '<!doctype html><link rel="icon" href="/icon.svg"><title>test</title><body></body>';

/** The options of a server for it. */
export function serverOptions(more = {}) {
  const { packageFolder, weightsFolder, pictures } = prepared;
  return {
    folders: {
      '/package/': packageFolder,
      '/weights/': weightsFolder ?? '/nonexistent/',
      '/pictures/': pictures,
      '/cifar10/': join(ROOT, 'tests', 'data', 'cifar10'),
      '/foreign/': join(ROOT, 'tests', 'data', 'foreign'),
      '/tools/': join(ROOT, 'tests', 'browser', 'pages'),
    },
    isolated: true,
    csp: STRICT_CSP,
    ...more,
    pages: { '/': BLANK, '/icon.svg': ICON, ...more.pages },
  };
}
