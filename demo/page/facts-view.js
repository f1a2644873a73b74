// What model.info() tells, for those who want to know how it runs here.
import { megabytes } from './format.js';

/** What the numbers beside labels are. */
const SCORES = {
  softmax: 'shares of one whole (softmax)',
  sigmoid: 'each label by itself (sigmoid)',
  none: 'logits',
};

const FACTS = {
  Network: ({ weights, precision }) => `${weights ?? 'random'}, ${precision}`,
  Scores: ({ activation }) => SCORES[activation],
  Build: ({ flavour }) => flavour,
  Threads: ({ threads, worker }) => `${threads}${worker ? ', in a worker' : ''}`,
  Memory: ({ memoryBytes }) => `${megabytes(memoryBytes)} MB`,
  Parameters: ({ parameters }) => parameters.toLocaleString('en'),
  Version: ({ version }) => version,
};

/** @param {{ section: HTMLElement, list: HTMLElement, why: HTMLElement }} elements */
export function createFactsView({ section, list, why }) {
  let shown;
  return ({ info }) => {
    section.hidden = info === null;
    const facts = info === null ? '' : JSON.stringify(info);
    if (info === null || facts === shown) return;
    shown = facts;
    list.replaceChildren(...Object.entries(FACTS).map(([term, tell]) => pair(term, tell(info))));
    why.replaceChildren(...info.why.map((reason) => element('li', reason)));
  };
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function pair(term, text) {
  const group = document.createElement('div');
  group.append(element('dt', term), element('dd', text));
  return group;
}
