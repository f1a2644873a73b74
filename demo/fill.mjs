// What the page shows of the first network before its scripts run, so that nothing moves when they do. Knows nothing of files.
import { scored } from './page/format.js';
import { knowledgeOf, titleOf } from './page/knowledge.js';
import { MADE } from './page/made.js';
import { deviceSentence } from './page/own-sentences.js';

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const sampleItem = ({ file, what }) =>
  `<li><button type="button" class="sample"><img src="samples/${encodeURIComponent(file)}" alt="${escaped(what)}" ` +
  'width="500" height="375" draggable="false" decoding="async"></button></li>';

const guessItem =
  (info) =>
  ({ label, score }) =>
    `<li><button class="label" type="button">${escaped(label)}</button> ` +
    `<span class="share">${scored(score, info)}</span><span class="bar" aria-hidden="true"></span></li>`;

/** The places of what the page begins with, and what they hold then. */
function firstPlaces({ file, what, guesses, info }) {
  const image = `<img id="photo-image" src="samples/${encodeURIComponent(file)}" alt="${escaped(what)}" fetchpriority="high"`;
  return {
    '<img id="photo-image" alt="" draggable="false" hidden>': `${image} draggable="false">`,
    'class="photo" data-state="empty"': 'class="photo" data-state="picture"',
    '<div id="heat-tools" class="heat-tools" hidden>': '<div id="heat-tools" class="heat-tools">',
    '<ol id="guesses" class="guesses" aria-live="off"></ol>': `<ol id="guesses" class="guesses" aria-live="off">${guesses.map(guessItem(info)).join('')}</ol>`,
    '<p id="guesses-hint" class="prompt" hidden>': '<p id="guesses-hint" class="prompt">',
    '<p id="timing" class="timing" hidden></p>': `<p id="timing" class="timing">${escaped(MADE)}</p>`,
    '<div id="share" class="tools" hidden>': '<div id="share" class="tools later">',
  };
}

/**
 * @param {string} page HTML with the places to fill
 * @param {object[]} networks as in site.json
 */
export function fillPage(page, networks) {
  const [first] = networks;
  const options = networks.map((network, i) => `<option value="${i}">${escaped(titleOf(network))}</option>`);
  const fills = {
    '<p id="knows" class="prompt">': escaped(knowledgeOf(first)),
    '<ul id="gallery" class="gallery" aria-labelledby="samples-title" tabindex="-1">': first.samples
      .map(sampleItem)
      .join(''),
    '<select id="variant">': options.join(''),
  };
  let filled =
    networks.length > 1
      ? page.replace('id="variants" class="variants" hidden', 'id="variants" class="variants"')
      : page;
  const places = Object.entries(fills).map(([place, content]) => [place, place + content]);
  if (first.first !== undefined) places.push(...Object.entries(firstPlaces(first.first)));
  for (const [place, content] of places) {
    if (!page.includes(place)) throw new Error(`the page has no ${place}`);
    filled = filled.replace(place, () => content);
  }
  return first.samples.length > 0 ? filled : filled.replace('<div id="samples"', '<div hidden id="samples"');
}

const DEVICE = '<p id="device" class="notice" role="note" hidden>';

/** The page for networks of one's own with what handheld devices are told first: the style shows it to them at once. */
export function fillOwnPage(page) {
  if (!page.includes(DEVICE)) throw new Error(`the page has no ${DEVICE}`);
  return page.replace(DEVICE, () => DEVICE + escaped(deviceSentence({ memory: undefined, handheld: true })));
}
