// npm run demo:build -- --out DIR: the demo as a folder of plain files for any static host, under any path.
import { command, prepare } from './prepare.mjs';
import { fromUser, SiteError, writeSite } from './site.mjs';

const HELP = `Usage: npm run demo:build -- --out DIR [options]

Writes the demo page, the package, weights and samples into DIR, for static hosting
(GitHub Pages and the like), at the root or under a path.

  --weights FOLDER       weights to publish; may be given several times, for a choice
                         [IMAGENET1K_V2 as installed, and CIFAR10_DEMO]
  --float32              publish float32 shards too, where a folder has both precisions, to compare
                         with; some 70 MB
  --no-isolation-worker  leave out the service worker that makes threads possible where
                         the host cannot send the isolation headers; one thread then
  --url ADDRESS          where the site will be, for previews of links to it
  --no-first-look        begin with an empty frame instead of a sample and its result
  --no-build             take dist/ as it is
`;

const OPTIONS = {
  out: { type: 'string', short: 'o' },
  'no-isolation-worker': { type: 'boolean' },
  'no-first-look': { type: 'boolean' },
  url: { type: 'string' },
};

function urlOf(text) {
  if (text !== undefined && !(URL.canParse(text) && text.endsWith('/')))
    throw new SiteError(`--url ${text}: must be the whole address of a folder, as https://example.org/demo/`);
  return text;
}

await command('demo:build', HELP, OPTIONS, async (values, say) => {
  if (values.out === undefined) throw new SiteError('name the folder to write with --out DIR');
  const out = fromUser(values.out);
  const weights = await prepare(values, say);
  const [isolationWorker, firstLook] = [!values['no-isolation-worker'], !values['no-first-look']];
  const bytes = await writeSite({ out, weights, isolationWorker, firstLook, url: urlOf(values.url) });
  say(`${out} holds the demo with ${weights.map(({ name }) => name).join(', ')} (${(bytes / 1e6).toFixed(1)} MB)`);
});
