// What `npm run demo` and `npm run demo:build` have in common: their options, what they build before, and the weights
// they find. Knows nothing of what is done with the site.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demoWeights, findWeights } from '../scripts/weights.mjs';
import { fromUser, ROOT, SiteError, weightsIn } from './site.mjs';

/** Options of both commands. */
export const COMMON_OPTIONS = {
  weights: { type: 'string', multiple: true },
  float32: { type: 'boolean' },
  'no-build': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** Runs a command's body; what goes wrong for a known reason is one sentence and status 1. */
export async function command(name, help, options, body) {
  const say = (line) => console.error(`${name}: ${line}`);
  try {
    const { values } = parse({ ...COMMON_OPTIONS, ...options });
    if (values.help) return void process.stdout.write(help);
    await body(values, say);
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    say(error.message);
    process.exit(1); // a server may be listening already
  }
}

function parse(options) {
  try {
    return parseArgs({ options });
  } catch (error) {
    const [sentence] = String(error.message).split('. ');
    throw new SiteError(`${sentence} (--help lists the options)`);
  }
}

/**
 * Builds what is missing and finds the weights: those that were named, else the best there are and the demo's own.
 * @returns {Promise<import('./site.mjs').SiteWeights[]>}
 * @throws SiteError
 */
export async function prepare(values, say) {
  if (!values['no-build']) {
    const built = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { stdio: 'inherit' });
    if (built.status !== 0) throw new SiteError('the package could not be built: see above');
  }
  const folders = values.weights?.map(fromUser) ?? [(await findWeights(say)).folder, demoWeights.folder];
  return [...new Set(folders)].map((folder) => weightsIn(folder, values));
}
