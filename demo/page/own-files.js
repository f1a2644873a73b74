// The files of a conversion: a checkpoint, names of classes, photos; sorted by what they are called. Knows nothing of what is
// done with them.
import { listenForChosen } from './inputs.js';
import { filesSentence, NOT_WANTED } from './own-sentences.js';

const CHECKPOINT = /\.(pth|pt|ckpt|bin|safetensors|tar)$/i;
const LABELS = /\.(txt|json|csv)$/i;
const PHOTO = /\.(jpe?g|png|bmp|webp|avif|gif)$/i;

const isPhoto = ({ name, type }) => type.startsWith('image/') || PHOTO.test(name);

/** @returns {'checkpoint' | 'labels' | 'photo' | undefined} */
export function kindOf(file) {
  if (CHECKPOINT.test(file.name)) return 'checkpoint';
  if (LABELS.test(file.name)) return 'labels';
  return isPhoto(file) ? 'photo' : undefined;
}

/**
 * @param {{ input: HTMLInputElement, list: HTMLElement, clear: HTMLButtonElement, notice: HTMLElement }} elements
 * @param {(files: object) => void} onChange
 */
export function createFiles({ input, list, clear, notice }, onChange) {
  let files = { checkpoint: undefined, labels: undefined, photos: [] };

  function say(sentence) {
    notice.textContent = sentence;
    notice.hidden = sentence === '';
  }

  function show() {
    const { checkpoint, labels, photos } = files;
    const nothing = checkpoint === undefined && labels === undefined && photos.length === 0;
    list.textContent = nothing ? '' : filesSentence(files);
    clear.hidden = nothing;
    onChange(files);
  }

  function take(added) {
    say('');
    for (const file of added) {
      const kind = kindOf(file);
      if (kind === 'photo') files.photos = [...files.photos, file];
      else if (kind === undefined) say(NOT_WANTED(file.name));
      else files = { ...files, [kind]: file };
    }
    show();
  }

  listenForChosen(input, take);
  clear.addEventListener('click', () => {
    files = { checkpoint: undefined, labels: undefined, photos: [] };
    say('');
    show();
    input.focus();
  });
  show();

  return {
    get all() {
      return files;
    },
    take,
    say,
  };
}
