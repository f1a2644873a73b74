// The teach-it page: classes with pictures, training, and trying out what was learnt with the parts of the main page.
import { createAnnouncer } from './announcer.js';
import { createCamera } from './camera.js';
import { createExplainer } from './explainer.js';
import { createHeatView } from './heat-view.js';
import { listenForFiles } from './inputs.js';
import { isolate } from './isolation.js';
import { createNetwork } from './network.js';
import { createPhotoView } from './photo-view.js';
import { createPictures } from './pictures.js';
import { createProgressView } from './progress-view.js';
import { createResultsView } from './results-view.js';
import { pictureSentence } from './sentences.js';
import { readSite } from './site.js';
import { createStore, initialState } from './state.js';
import { createClasses } from './teach-classes.js';
import { createSnapshots } from './teach-snapshots.js';
import { createTraining } from './teach-training.js';

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
  store.subscribe(createAnnouncer($('status')));
  store.subscribe(({ notice }) => {
    if ($('notice').textContent !== notice) $('notice').textContent = notice;
    $('notice').hidden = notice === '';
  });
}

function connectTrial(store, pictures, camera, snapshots) {
  const onFile = (file) => {
    if ($('trial').hidden) return;
    camera.stop();
    pictures.take(file);
  };
  const onNothing = (notice) => store.update({ notice });
  listenForFiles({ input: $('file'), zone: $('photo'), onFile, onNothing });
  const button = $('camera');
  button.addEventListener('click', () => {
    if (store.state.camera !== 'off') return camera.stop();
    snapshots.stop();
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
  const camera = createCamera(store, network, $('photo-video'));
  const snapshots = createSnapshots();
  connectTrial(store, pictures, camera, snapshots);
  const classes = createClasses(
    { list: $('classes'), add: $('add-class'), notice: $('classes-notice'), rest: $('classes-title') },
    { network, snapshots, onCamera: camera.stop },
  );
  const training = {
    ...{ button: $('train'), box: $('training'), text: $('training-text'), stop: $('training-stop') },
    ...{ result: $('training-result'), notice: $('training-notice'), download: $('download'), input: $('head') },
  };
  createTraining(training, {
    ...{ network, classes },
    onTrained() {
      snapshots.stop();
      camera.stop();
      pictures.clear();
      store.update({ info: null }); // that of the next picture
      for (const id of ['trial', 'trial-results']) $(id).hidden = false;
    },
  });
  if (!navigator.connection?.saveData) network.start();
  document.documentElement.dataset.ready = '';
}

start();
