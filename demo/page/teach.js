// The teach-it page: classes with pictures, training, and trying out what was learnt with the parts of the main page.
import { createCamera } from './camera.js';
import { isolate } from './dist/isolation.js';
import { listenForFiles } from './inputs.js';
import { createNetwork } from './network.js';
import { createPictures } from './pictures.js';
import { readSite } from './site.js';
import { createStore, initialState } from './state.js';
import { createClasses } from './teach-classes.js';
import { createSnapshots } from './teach-snapshots.js';
import { createTraining } from './teach-training.js';
import { $, connectCamera, showViews } from './views.js';

function connectTrial(store, pictures, camera, snapshots) {
  const onFile = (file) => {
    if ($('trial').hidden) return;
    camera.stop();
    pictures.take(file);
  };
  const onNothing = (notice) => store.update({ notice });
  listenForFiles({ input: $('file'), zone: $('photo'), onFile, onNothing });
  connectCamera(store, camera, () => {
    snapshots.stop();
    pictures.clear();
  });
}

async function start() {
  const store = createStore(initialState());
  const site = await readSite();
  if (site.isolationWorker && (await isolate())) return;
  const network = createNetwork(store, site.networks[0].name);
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
