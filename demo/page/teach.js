// The teach-it page: classes with pictures, training, and trying out what was learnt with the parts of the main page.
import { createCamera } from './camera.js';
import { isolate } from './dist/isolation.js';
import { listenForPictures } from './inputs.js';
import { createNetwork, startUnasked } from './network.js';
import { keepOffline } from './offline.js';
import { bringIntoView } from './photo-view.js';
import { createPictures } from './pictures.js';
import { readSite } from './site.js';
import { lookAtDevice } from './small-device.js';
import { createStore, initialState } from './state.js';
import { createClasses } from './teach-classes.js';
import { createExport } from './teach-export.js';
import { createKeeping } from './teach-keeping.js';
import { showKept } from './teach-kept.js';
import { createStranger } from './teach-likeness.js';
import { createLive } from './teach-live.js';
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
  const keeping = createKeeping();
  const [site, kept] = await Promise.all([readSite(), keeping.load()]);
  if (site.isolationWorker && (await isolate())) return;
  keepOffline(store, site.offlineWorker, $('offline'));
  const device = lookAtDevice();
  const network = createNetwork(store, site.networks[0].name, device.options);
  /** Tells pictures that are like none of the examples, where there are enough; of teach-likeness.js. */
  let isStranger = null;
  const pictures = createPictures(store, network, async (model, file, signal) => ({
    isStranger: isStranger?.(await model.embed(file, { signal })),
  }));
  showViews(store, pictures, network);
  const camera = createCamera(store, network, $('photo-video'));
  const live = createLive({ network, status: $('status') }, (scores) => classes.showLikeness(scores));
  const snapshots = createSnapshots(live.setVideo);
  connectTrial(store, pictures, camera, snapshots);
  const results = createExport(
    {
      ...{ download: $('download'), page: $('one-page'), lines: $('lines'), code: $('lines-code') },
      ...{ copy: $('lines-copy'), status: $('lines-status') },
    },
    { network: site.networks[0], onePage: site.onePage },
  );
  let training;
  const classes = createClasses(
    { list: $('classes'), add: $('add-class'), notice: $('classes-notice'), rest: $('classes-title') },
    {
      ...{ network, snapshots, keeping, onCamera: () => camera.stop() },
      ...{ onChange: () => training?.change(), onSettle: () => training?.settle() },
    },
    kept,
  );
  showKept({ box: $('kept'), text: $('kept-text'), forget: $('forget') }, keeping, kept);

  function leadToTrial() {
    snapshots.stop();
    camera.stop();
    pictures.clear();
    store.update({ info: null }); // that of the next picture
    bringIntoView($('trial'));
    $('trial-title').focus({ preventScroll: true });
  }

  const elements = {
    ...{ button: $('train'), box: $('training'), text: $('training-text'), stop: $('training-stop') },
    ...{ result: $('training-result'), notice: $('training-notice'), input: $('head') },
  };
  training = createTraining(elements, {
    ...{ network, classes },
    async onResult({ model, examples, asked }) {
      isStranger = createStranger(examples);
      await results.offer(model);
      for (const id of ['trial', 'trial-results']) $(id).hidden = false;
      if (asked) leadToTrial();
      else pictures.refresh();
      live.learnt();
    },
  });
  training.settle(); // what was kept is learnt
  startUnasked(store, network, device);
  document.documentElement.dataset.ready = '';
}

start();
