// The ways a picture file comes in: chosen, dropped anywhere on the page, pasted. Knows nothing of what is done with it.

const NOTHING_PASTED = 'There is no picture on the clipboard: copy one, or a picture file, and paste again.';
const NOTHING_DROPPED = 'What was dropped is no file: save the picture first, then drop the file.';

/**
 * @param {object} options
 * @param {HTMLInputElement} options.input
 * @param {HTMLElement} options.zone is marked with `data-over` while files are dragged over the page
 * @param {(file: File) => void} options.onFile
 * @param {(sentence: string) => void} options.onNothing called where no file came in
 */
export function listenForFiles({ input, zone, onFile, onNothing }) {
  input.addEventListener('change', () => {
    const [file] = input.files;
    if (file !== undefined) onFile(file);
    input.value = ''; // so that the same file can be chosen again
  });
  listenForDrops(zone, onFile, onNothing);
  document.addEventListener('paste', (event) => {
    const [file] = event.clipboardData?.files ?? [];
    event.preventDefault();
    if (file === undefined) onNothing(NOTHING_PASTED);
    else onFile(file);
  });
}

function listenForDrops(zone, onFile, onNothing) {
  let depth = 0; // enter and leave come for every element on the way
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    zone.toggleAttribute('data-over', depth > 0);
  };
  addEventListener('dragenter', () => mark(1));
  addEventListener('dragleave', () => mark(-1));
  addEventListener('dragover', (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    mark(-depth);
    const [file] = event.dataTransfer.files;
    if (file === undefined) onNothing(NOTHING_DROPPED);
    else onFile(file);
  });
}
