// npm run prepack, which `npm pack` and `npm publish` run first: refuses a dist/ that lacks anything or is not what its
// sources give now. `npm start` builds only what Node.js runs; a package of that would break bundlers without a word.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundlesAreCurrent } from './current.mjs';
import { fail, root } from './lib.mjs';
import { COMPLETE } from './modules.mjs';

const missing = COMPLETE.filter((file) => !existsSync(join(root, 'dist', file)));
if (missing.length > 0) {
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  fail('prepack', `dist/ is incomplete (there is no dist/${missing[0]}${more}): run npm run build`);
}
if (!bundlesAreCurrent()) fail('prepack', 'dist/ is older than its sources: run npm run build');
