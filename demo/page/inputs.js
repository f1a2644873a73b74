// The ways pictures come in: chosen, dropped anywhere on the page, pasted; as files or as the address of one. Knows nothing
// of what is done with them.

const NOTHING_PASTED =
  'There is no picture on the clipboard: copy one, a picture file or its address, and paste again.';
const NOTHING_DROPPED =
  'What was dropped is neither a file nor the address of a picture: save the picture, then drop the file.';

const ADDRESS = /^(https?:\/\/|data:image\/)\S+$/i;

/**
 * The address of a picture in what was dropped or pasted, or undefined. A picture from another page comes as HTML; its
 * text/uri-list may name the link around it.
 * @param {DataTransfer} data
 */
function addressIn(data) {
  const html = new DOMParser().parseFromString(data.getData('text/html'), 'text/html');
  const lines = [data.getData('text/uri-list'), data.getData('text/plain')].flatMap((text) => text.split(/[\r\n]+/));
  const found = [html.querySelector('img')?.getAttribute('src') ?? '', ...lines];
  return found.map((text) => text.trim()).find((text) => ADDRESS.test(text));
}

/** Whether text can be pasted into what has the focus. */
const takesText = (target) =>
  target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;

/**
 * @param {object} options
 * @param {HTMLInputElement} options.input
 * @param {HTMLElement} options.zone is marked with `data-over` while something is dragged over the page
 * @param {(files: File[]) => void} options.onFiles at least one
 * @param {(address: string) => void} options.onAddress of a picture, perhaps
 * @param {(sentence: string) => void} options.onNothing called if nothing of that came in
 */
export function listenForPictures({ input, zone, onFiles, onAddress, onNothing }) {
  const take = (data, nothing) => {
    const files = [...(data?.files ?? [])];
    const address = files.length === 0 && data ? addressIn(data) : undefined;
    if (files.length > 0) onFiles(files);
    else if (address !== undefined) onAddress(address);
    else onNothing(nothing);
  };
  listenForChosen(input, onFiles);
  listenForDrops(zone, (data) => take(data, NOTHING_DROPPED));
  document.addEventListener('paste', (event) => {
    if (takesText(event.target) && event.clipboardData?.files.length === 0) return;
    event.preventDefault();
    take(event.clipboardData, NOTHING_PASTED);
  });
}

/** @param {HTMLInputElement} input of files @param {(files: File[]) => void} onFiles at least one */
export function listenForChosen(input, onFiles) {
  const takeChosen = () => {
    const files = [...input.files];
    input.value = ''; // so that the same file can be chosen again
    if (files.length > 0) onFiles(files);
  };
  input.addEventListener('change', takeChosen);
  takeChosen(); // before this script was there
}

function listenForDrops(zone, onDrop) {
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
    onDrop(event.dataTransfer);
  });
}
