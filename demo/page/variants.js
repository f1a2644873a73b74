// The choice between networks, where more than one is published beside the page. Knows their names only.

const TITLES = {
  IMAGENET1K_V1: 'ImageNet, first recipe: 1000 kinds of things',
  IMAGENET1K_V2: 'ImageNet: 1000 kinds of things',
  CIFAR10_DEMO: 'CIFAR-10: ten kinds of things',
};

/** What a visitor is told of a network. */
const titleOf = ({ name, classes }) => TITLES[name] ?? `${name}: ${classes} kinds of things`;

/**
 * @param {{ box: HTMLElement, select: HTMLSelectElement }} elements
 * @param {{ name: string, classes: number }[]} networks the first is the one in use
 * @param {(network: object) => void} onChoose
 */
export function createVariants({ box, select }, networks, onChoose) {
  box.hidden = networks.length < 2;
  select.replaceChildren(...networks.map((network, i) => new Option(titleOf(network), String(i))));
  select.addEventListener('change', () => onChoose(networks[Number(select.value)]));
}
