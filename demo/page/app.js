// The page: what is there (site.json), the parts, and who listens to whom. Each part has a file of its own.
import { createCamera } from './camera.js';
import { isolate } from './dist/isolation.js';
import { createFactsView } from './facts-view.js';
import { createGallery } from './gallery.js';
import { listenForFiles } from './inputs.js';
import { createNetwork } from './network.js';
import { createPictures } from './pictures.js';
import { createSimilar } from './similar.js';
import { readSite } from './site.js';
import { createStore, initialState } from './state.js';
import { createVariants } from './variants.js';
import { $, connectCamera, showViews } from './views.js';

function connectInputs(store, pictures, camera) {
  const onFile = (file) => {
    camera.stop();
    pictures.take(file);
  };
  const onNothing = (notice) => store.update({ notice });
  listenForFiles({ input: $('file'), zone: $('photo'), onFile, onNothing });

  connectCamera(store, camera, pictures.clear);
}

/** @returns {(samples: object[]) => void} shows these samples in place of others */
function connectGallery(store, pictures, camera) {
  let mark = () => {};
  store.subscribe(({ picture }) => mark(picture?.sample ?? ''));
  return (samples) => {
    $('samples').hidden = samples.length === 0;
    mark = createGallery($('gallery'), samples, (sample, address) => {
      camera.stop();
      pictures.takeSample(sample, address);
    });
  };
}

async function start() {
  const store = createStore(initialState());
  const site = await readSite();
  if (site.isolationWorker && (await isolate())) return;
  const network = createNetwork(store, site.networks[0].name);
  const pictures = createPictures(store, network);
  showViews(store, pictures, network);
  store.subscribe(createFactsView({ section: $('facts'), list: $('facts-list'), why: $('facts-why') }));
  const camera = createCamera(store, network, $('photo-video'));
  connectInputs(store, pictures, camera);
  const showSamples = connectGallery(store, pictures, camera);
  showSamples(site.networks[0].samples);
  createVariants({ box: $('variants'), select: $('variant') }, site.networks, ({ name, samples }) => {
    camera.stop();
    network.choose(name);
    showSamples(samples);
    pictures.again();
  });
  const similar = { input: $('similar-files'), list: $('similar-list') };
  createSimilar({ ...similar, status: $('similar-status'), notice: $('similar-notice') }, network);
  // Visitors who ask browsers to save data get the weights with their first picture.
  if (!navigator.connection?.saveData) network.start();
  document.documentElement.dataset.ready = '';
}

start();
