// On slow lines: a network that is a small download, where the site has one. Taken at once where the browser says that the line is slow
// or that data is dear; offered where loading turns out to take long.

const SLOW = ['slow-2g', '2g', '3g'];
/** Seconds that loading may take before the small network is offered. */
const PATIENCE = 6;

/** The one that stands for a network on slow lines. @param {object[]} networks of site.json */
const smallOne = (networks, { name }) => networks.find(({ smallOf }) => smallOf === name);

/** @param {{ saveData?: boolean, effectiveType?: string }} [line] what the browser says of it, if it does */
const isSlow = ({ saveData, effectiveType } = {}) => saveData === true || SLOW.includes(effectiveType);

/** What a visitor begins with who asks for nothing else. @param {object} [line] navigator.connection */
export function preferred(networks, line) {
  const [first] = networks;
  return (isSlow(line) && smallOne(networks, first)) || first;
}

/**
 * @param store of state.js
 * @param {{ box: HTMLElement, button: HTMLButtonElement }} elements
 * @param {object[]} networks of site.json
 * @param {{ chosen: () => object, choose: (network: object) => void }} parts
 */
export function offerSmall(store, { box, button }, networks, { chosen, choose }) {
  let small;
  button.addEventListener('click', () => choose(small));
  store.subscribe(({ network, progress }) => {
    small = smallOne(networks, chosen());
    // Stays while the estimate goes up and down: nothing may move under a finger.
    const isLong = !box.hidden || progress.secondsLeft > PATIENCE;
    box.hidden = small === undefined || network !== 'loading' || progress.loaded === progress.total || !isLong;
    if (!box.hidden) button.textContent = `Take the small one: ${Math.round(small.bytes / 1e6)} MB`;
  });
}
