// The page that the teach page gives away: a network with a visitor's own classes in one file, without a server or a connection.
// The files of the network lie in the page as base64, in elements that demo/page/teach-one-page.js writes.
import { ResNet50 } from 'resnet50-wasm/static';
import { percent } from './format.js';
import { listenForPictures } from './inputs.js';
import { loadingSentence, pictureSentence } from './sentences.js';

const $ = (id) => document.getElementById(id);

const NO_ADDRESS = 'This page fetches nothing: save the picture, then drop the file.';

function decoded(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The files in the page by name; the page gives back what it held of them. */
function takeFiles() {
  const blocks = [...document.querySelectorAll('script[data-file]')];
  const files = new Map(blocks.map((block) => [block.dataset.file, decoded(block.textContent)]));
  for (const block of blocks) block.remove();
  return files;
}

async function load() {
  const files = takeFiles();
  const wasmOf = (flavour) => files.get(`resnet50-${flavour}.wasm`);
  const flavour = WebAssembly.validate(wasmOf('relaxed')) ? 'relaxed' : 'simd';
  const wasmModule = await WebAssembly.compile(wasmOf(flavour));
  return ResNet50.load({ weights: { files }, head: files.get('head.safetensors'), flavour, wasmModule });
}

function row({ label, score }) {
  const [item, name, share, bar] = ['li', 'span', 'span', 'span'].map((tag) => document.createElement(tag));
  Object.assign(name, { className: 'label', textContent: label });
  Object.assign(share, { className: 'share', textContent: percent(score) });
  Object.assign(bar, { className: 'bar', ariaHidden: 'true' });
  bar.style.setProperty('--share', String(score));
  item.append(name, ' ', share, bar);
  return item;
}

function show(file) {
  URL.revokeObjectURL($('image').src);
  Object.assign($('image'), { src: URL.createObjectURL(file), alt: file.name ?? '', hidden: false });
  $('empty').hidden = true;
}

function say(sentence) {
  $('status').textContent = sentence;
}

/** The newest picture wins. */
function createLook(loading) {
  let newest = new AbortController();
  return async ([file]) => {
    newest.abort();
    newest = new AbortController();
    const { signal } = newest;
    show(file);
    try {
      const guesses = await (await loading).classify(file, { signal, topK: Number.POSITIVE_INFINITY });
      say(`Best guess: ${guesses[0].label}, ${percent(guesses[0].score)}.`);
      $('guesses').replaceChildren(...guesses.map(row));
    } catch (error) {
      if (!signal.aborted) say(pictureSentence(error, file.name));
    }
  };
}

const loading = load();
listenForPictures({
  ...{ input: $('file'), zone: $('photo'), onFiles: createLook(loading) },
  onAddress: () => say(NO_ADDRESS),
  onNothing: say,
});
loading.then(
  (model) => {
    const names = model.weights.categories.map(({ label }) => label);
    document.title = `${names.join(', ')}?`;
    $('lead').prepend(`It tells ${names.join(', ')}. `);
    if ($('image').hidden) say('The network is ready.');
  },
  (error) => say(loadingSentence(error)),
);
