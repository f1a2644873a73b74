// What the pages show and do alike: the picture with its heat map, guesses, progress, notices, and the camera's button. Knows
// the ids that they share.
import { createAnnouncer } from './announcer.js';
import { createExplainer } from './explainer.js';
import { createHeatView } from './heat-view.js';
import { createMultiples } from './multiples.js';
import { createPhotoView } from './photo-view.js';
import { createProgressView } from './progress-view.js';
import { createResultsView } from './results-view.js';
import { pictureSentence } from './sentences.js';

export const $ = (id) => document.getElementById(id);

/** @returns what shows the map of a guess: explainer.js */
export function showViews(store, pictures, network) {
  store.subscribe(createPhotoView({ frame: $('photo'), image: $('photo-image'), video: $('photo-video') }));
  const explainer = createExplainer(store, network, pictureSentence);
  const results = { list: $('guesses'), prompt: $('prompt'), timing: $('timing'), hint: $('guesses-hint') };
  store.subscribe(createResultsView(results, explainer.toggle));
  const heat = { canvas: $('photo-heat'), tools: $('heat-tools'), slider: $('heat-slider'), note: $('heat-note') };
  store.subscribe(createHeatView(heat));
  createMultiples(store, network, explainer, { button: $('multiples-button'), list: $('multiples') });
  const [box, text, button, rest] = ['progress', 'progress-text', 'progress-button', 'panel-title'].map($);
  // A page whose network is made on it loads none.
  if (box !== null)
    store.subscribe(
      createProgressView({ box, text, button, rest }, { onStop: network.stop, onStart: pictures.resume }),
    );
  store.subscribe(createAnnouncer($('status')));
  store.subscribe(({ notice }) => {
    if ($('notice').textContent !== notice) $('notice').textContent = notice;
    $('notice').hidden = notice === '';
  });
  return explainer;
}

/** The buttons that start and stop the camera, turn it round, and show where in its frames a guess was seen. @param beforeStart ends what the camera takes the place of */
export function connectCamera(store, camera, beforeStart) {
  const [button, map, turn] = [$('camera'), $('camera-map'), $('camera-turn')];
  map.addEventListener('click', () => {
    map.ariaPressed = String(map.ariaPressed !== 'true');
    camera.showMap(map.ariaPressed === 'true');
  });
  turn.addEventListener('click', () => camera.turn());
  button.addEventListener('click', () => {
    if (store.state.camera !== 'off') return camera.stop();
    beforeStart();
    camera.start();
  });
  store.subscribe(({ camera: state, cameras }) => {
    map.hidden = state !== 'on';
    turn.hidden = state !== 'on' || cameras < 2;
    button.textContent = state === 'off' ? 'Use the camera' : 'Stop the camera';
  });
}
