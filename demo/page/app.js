// The page: what is there (site.json), the parts, and who listens to whom. Each part has a file of its own.
import { createAnnouncer } from './announcer.js';
import { createCamera } from './camera.js';
import { createExplainer } from './explainer.js';
import { createFactsView } from './facts-view.js';
import { createGallery } from './gallery.js';
import { createHeatView } from './heat-view.js';
import { listenForFiles } from './inputs.js';
import { isolate } from './isolation.js';
import { createNetwork } from './network.js';
import { createPhotoView } from './photo-view.js';
import { createPictures } from './pictures.js';
import { createProgressView } from './progress-view.js';
import { createResultsView } from './results-view.js';
import { pictureSentence } from './sentences.js';
import { createSimilar } from './similar.js';
import { readSite } from './site.js';
import { createStore, initialState } from './state.js';

const $ = (id) => document.getElementById(id);

function showViews(store, pictures, network) {
  store.subscribe(createPhotoView({ frame: $('photo'), image: $('photo-image'), video: $('photo-video') }));
  const explainer = createExplainer(store, network, pictureSentence);
  const results = { list: $('guesses'), prompt: $('prompt'), timing: $('timing'), hint: $('guesses-hint') };
  store.subscribe(createResultsView(results, explainer.toggle));
  store.subscribe(createHeatView($('photo-heat')));
  const progress = {
    box: $('progress'),
    text: $('progress-text'),
    button: $('progress-button'),
    rest: $('panel-title'),
  };
  store.subscribe(createProgressView(progress, { onStop: network.stop, onStart: pictures.resume }));
  store.subscribe(createFactsView({ section: $('facts'), list: $('facts-list'), why: $('facts-why') }));
  store.subscribe(createAnnouncer($('status')));
  store.subscribe(({ notice }) => {
    if ($('notice').textContent !== notice) $('notice').textContent = notice;
    $('notice').hidden = notice === '';
  });
}

function connectInputs(store, pictures, camera, samples) {
  const onFile = (file) => {
    camera.stop();
    pictures.take(file);
  };
  const onNothing = (notice) => store.update({ notice });
  listenForFiles({ input: $('file'), zone: $('photo'), onFile, onNothing });

  $('samples').hidden = samples.length === 0;
  const mark = createGallery($('gallery'), samples, (sample, address) => {
    camera.stop();
    pictures.takeSample(sample, address);
  });
  store.subscribe(({ picture }) => mark(picture?.sample ?? ''));

  const button = $('camera');
  button.addEventListener('click', () => {
    if (store.state.camera !== 'off') return camera.stop();
    pictures.clear();
    camera.start();
  });
  store.subscribe(({ camera: state }) => {
    button.textContent = state === 'off' ? 'Use the camera' : 'Stop the camera';
  });
}

async function start() {
  const store = createStore(initialState());
  const site = await readSite();
  if (await isolate(site.isolationWorker)) return;
  const network = createNetwork(store, site.weights);
  const pictures = createPictures(store, network);
  showViews(store, pictures, network);
  connectInputs(store, pictures, createCamera(store, network, $('photo-video')), site.samples);
  const similar = { input: $('similar-files'), list: $('similar-list') };
  createSimilar({ ...similar, status: $('similar-status'), notice: $('similar-notice') }, network);
  // Visitors who ask browsers to save data get the weights with their first picture.
  if (!navigator.connection?.saveData) network.start();
  document.documentElement.dataset.ready = '';
}

start();
