// What the page shows of the first network before its scripts run, so that nothing moves when they do. Knows nothing of files.
import { knowledgeOf, titleOf } from './page/knowledge.js';

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const sampleItem = ({ file, what }) =>
  `<li><button type="button" class="sample"><img src="samples/${encodeURIComponent(file)}" alt="${escaped(what)}" ` +
  'width="500" height="375" draggable="false" decoding="async"></button></li>';

/**
 * @param {string} page HTML with the places to fill
 * @param {object[]} networks as in site.json
 */
export function fillPage(page, networks) {
  const [first] = networks;
  const options = networks.map((network, i) => `<option value="${i}">${escaped(titleOf(network))}</option>`);
  const fills = {
    '<p id="knows" class="prompt">': escaped(knowledgeOf(first)),
    '<ul id="gallery" class="gallery">': first.samples.map(sampleItem).join(''),
    '<select id="variant">': options.join(''),
  };
  let filled =
    networks.length > 1
      ? page.replace('id="variants" class="variants" hidden', 'id="variants" class="variants"')
      : page;
  for (const [place, content] of Object.entries(fills)) {
    if (!page.includes(place)) throw new Error(`the page has no ${place}`);
    filled = filled.replace(place, () => place + content);
  }
  return first.samples.length > 0 ? filled : filled.replace('<section id="samples"', '<section hidden id="samples"');
}
