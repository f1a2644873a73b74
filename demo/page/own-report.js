// What came of a conversion: what was understood, and int8 beside float32 on the visitor's photos.
import { percent } from './format.js';
import { comparisonSentence, understood } from './own-sentences.js';

function element(tag, text = '', properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}

function factPair([term, text]) {
  const group = document.createElement('div');
  group.append(element('dt', term), element('dd', text));
  return group;
}

/** 'tench 99.8%' */
const guessText = (guess, activation) =>
  guess === undefined ? '' : `${guess.label} ${activation === 'none' ? guess.score.toFixed(2) : percent(guess.score)}`;

function photoRow({ name, guesses, agrees, difference }, address, activation) {
  const row = document.createElement('tr');
  const picture = element('td');
  picture.append(element('img', '', { src: address, alt: name, decoding: 'async', draggable: false }));
  const [f32, int8] = ['f32', 'int8'].map((precision) => element('td', guessText(guesses[precision][0], activation)));
  row.append(picture, f32, int8, element('td', activation === 'none' ? difference.toFixed(2) : percent(difference)));
  row.className = agrees ? '' : 'differs';
  return row;
}

/**
 * @param {{ box: HTMLElement, facts: HTMLElement, comparison: HTMLElement, summary: HTMLElement, rows: HTMLElement,
 *   warnings: HTMLElement }} elements
 */
export function createReport({ box, facts, comparison, summary, rows, warnings }) {
  let addresses = [];
  return {
    hide() {
      box.hidden = true;
    },
    /** @param {File[]} photos those that were compared on, by their names */
    show({ made, photos, seconds, size, warned }) {
      const { manifest, recognized, report } = made;
      for (const address of addresses) URL.revokeObjectURL(address);
      facts.replaceChildren(...understood({ manifest, recognized, seconds, size }).map(factPair));
      warnings.replaceChildren(...warned.map((text) => element('li', text)));
      comparison.hidden = report.photos.length === 0;
      const left = [...photos];
      addresses = report.photos.map(({ name }) => {
        const at = left.findIndex((file) => file.name === name);
        return URL.createObjectURL(left.splice(at, 1)[0]);
      });
      rows.replaceChildren(...report.photos.map((photo, i) => photoRow(photo, addresses[i], manifest.activation)));
      if (!comparison.hidden) summary.textContent = comparisonSentence(report);
      box.hidden = false;
    },
  };
}
