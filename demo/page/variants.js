// The choice between networks, where more than one is published beside the page.
import { titleOf } from './knowledge.js';

/**
 * @param {{ box: HTMLElement, select: HTMLSelectElement }} elements
 * @param {{ name: string, classes: number }[]} networks
 * @param {(network: object) => void} onChoose
 * @returns {(network: object) => void} shows which one is in use
 */
export function createVariants({ box, select }, networks, onChoose) {
  box.hidden = networks.length < 2;
  select.replaceChildren(...networks.map((network, i) => new Option(titleOf(network), String(i))));
  select.addEventListener('change', () => onChoose(networks[Number(select.value)]));
  return (network) => {
    select.value = String(networks.indexOf(network));
  };
}
