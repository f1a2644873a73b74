// The teach-it page: classes with pictures, training, and trying out what was learnt with the parts of the main page.
import { createCamera } from './camera.js';
import { isolate } from './dist/isolation.js';
import { listenForPictures } from './inputs.js';
import { createNetwork } from './network.js';
import { keepOffline } from './offline.js';
import { bringIntoView } from './photo-view.js';
import { createPictures } from './pictures.js';
import { readSite } from './site.js';
import { createStore, initialState } from './state.js';
import { createClasses } from './teach-classes.js';
import { createSnapshots } from './teach-snapshots.js';
import { createTraining } from './teach-training.js';
import { $, connectCamera, showViews } from './views.js';

function connectTrial(store, pictures, camera, snapshots) {
  /** Before there is something to try, pictures belong on the cards. */
  const onTrial = (act) => (input) => {
    if ($('trial').hidden) return;
    camera.stop();
    act(input);
  };
  listenForPictures({
    ...{ input: $('file'), zone: $('photo'), onFiles: onTrial(pictures.takeFirst) },
    onAddress: onTrial(pictures.takeAddress),
    onNothing: onTrial((notice) => store.update({ notice })),
  });
  connectCamera(store, camera, () => {
    snapshots.stop();
    pictures.clear();
  });
}

async function start() {
  const store = createStore(initialState());
  const site = await readSite();
  if (site.isolationWorker && (await isolate())) return;
  keepOffline(store, site.offlineWorker, $('offline'));
  const network = createNetwork(store, site.networks[0].name);
  const pictures = createPictures(store, network);
  showViews(store, pictures, network);
  const camera = createCamera(store, network, $('photo-video'));
  const snapshots = createSnapshots();
  connectTrial(store, pictures, camera, snapshots);
  let training;
  const classes = createClasses(
    { list: $('classes'), add: $('add-class'), notice: $('classes-notice'), rest: $('classes-title') },
    { network, snapshots, onCamera: () => camera.stop(), onChange: () => training?.forget() },
  );

  const elements = {
    ...{ button: $('train'), box: $('training'), text: $('training-text'), stop: $('training-stop') },
    ...{ result: $('training-result'), notice: $('training-notice'), download: $('download'), input: $('head') },
  };
  training = createTraining(elements, {
    ...{ network, classes },
    onTrained() {
      snapshots.stop();
      camera.stop();
      pictures.clear();
      store.update({ info: null }); // that of the next picture
      for (const id of ['trial', 'trial-results']) $(id).hidden = false;
      bringIntoView($('trial'));
      $('trial-title').focus({ preventScroll: true });
    },
  });
  if (!navigator.connection?.saveData) network.start();
  document.documentElement.dataset.ready = '';
}

start();
