// The sample pictures as buttons. Knows only their list and where they lie.

/**
 * @param {HTMLElement} list
 * @param {{ file: string, what: string }[]} samples
 * @param {(sample: { file: string, what: string }, address: string) => void} onPick
 * @returns {(file: string) => void} marks the sample that is shown; none for ''
 */
export function createGallery(list, samples, onPick) {
  const buttons = new Map(samples.map((sample) => [sample.file, sampleButton(sample, onPick)]));
  list.replaceChildren(
    ...[...buttons.values()].map((button) => {
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
  return (shown) => {
    for (const [file, button] of buttons) button.ariaCurrent = String(file === shown);
  };
}

/** Where a sample lies. */
export const sampleAddress = ({ file }) => new URL(`samples/${file}`, document.baseURI).href;

function sampleButton(sample, onPick) {
  const address = sampleAddress(sample);
  const image = document.createElement('img');
  Object.assign(image, {
    src: address,
    alt: sample.what,
    width: 500,
    height: 375,
    draggable: false,
    decoding: 'async',
  });
  const button = document.createElement('button');
  Object.assign(button, { type: 'button', className: 'sample' });
  button.append(image);
  button.addEventListener('click', () => onPick(sample, address));
  return button;
}
