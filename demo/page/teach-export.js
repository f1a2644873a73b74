// What was learnt, to take along: as a file that load({ head }) takes, as lines of code, as one page.
import { megabytes } from './format.js';
import { connectSnippet, download as save } from './share.js';
import { makeOnePage, onePageBytes } from './teach-one-page.js';

const linesFor = (weights) => `import { ResNet50 } from 'resnet50-wasm';

// head.safetensors: what “Download the result” gives, published beside your page
const model = await ResNet50.load({ weights: '${weights}', head: 'head.safetensors' });
const [best] = await model.classify(picture); // a file, an <img>, a canvas or an address
console.log(best.label, best.score);
`;

/**
 * @param elements download, page (buttons), lines (what appears with a result), copy, code, status
 * @param {{ network: object, onePage: import('./teach-one-page.js').Frame }} site the network in use, and what site.json says of the page
 */
export function createExport({ download, page, lines, copy, code, status }, { network, onePage }) {
  /** The last result. */
  let [model, head] = [];
  const say = (text) => {
    status.textContent = text;
  };
  download.addEventListener('click', () => save(head, 'head.safetensors'));
  connectSnippet({ button: copy, code, status });
  page.addEventListener('click', async () => {
    const { address, precision } = model.info();
    page.disabled = true;
    say('The page is being put together.');
    try {
      save(await makeOnePage(onePage, address, precision, head), 'what-is-it.html');
      say('Saved: open the file, with or without a connection.');
    } catch (error) {
      console.info('teach page: no page was made', error);
      say('A part of the page could not be fetched: check the connection, then try again.');
    }
    page.disabled = false;
  });
  return {
    /** @param now the model, which has learnt something */
    async offer(now) {
      [model, head] = [now, new Blob([await now.save()], { type: 'application/octet-stream' })];
      const size = megabytes(onePageBytes(onePage, network, head)).split('.')[0];
      page.textContent = `Download as one page (${size} MB)`;
      code.textContent = linesFor(network.name);
      for (const part of [download, page, lines]) part.hidden = false;
      say('');
    },
  };
}
