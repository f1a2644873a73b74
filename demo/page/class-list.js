// All classes that a network knows, with a search. Filled when it is opened: there may be a thousand.

/**
 * @param {{ box: HTMLDetailsElement, search: HTMLInputElement, list: HTMLElement, count: HTMLElement }} elements
 * @returns {(labels: string[]) => void} shows another network's classes
 */
export function createClassList({ box, search, list, count }) {
  let labels = [];
  function fill() {
    if (!box.open) return;
    const wanted = search.value.trim().toLowerCase();
    const found = labels.filter((label) => label.toLowerCase().includes(wanted));
    list.replaceChildren(...found.map((label) => Object.assign(document.createElement('li'), { textContent: label })));
    const kinds = found.length === 1 ? '1 kind of thing' : `${found.length} kinds of things`;
    count.textContent = found.length === 0 ? `It knows nothing called “${search.value.trim()}”.` : kinds;
  }
  box.addEventListener('toggle', fill);
  search.addEventListener('input', fill);
  return (others) => {
    labels = others;
    box.hidden = labels.length === 0;
    fill();
  };
}
