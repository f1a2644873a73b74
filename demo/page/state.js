// The page's state in one object, and who is told when it changes. Knows nothing of the DOM or of the network.

/**
 * @typedef {object} State
 * @property {'waiting' | 'loading' | 'ready' | 'stopped' | 'failed'} network how far the network is
 * @property {{ loaded: number, total: number, secondsLeft?: number }} progress bytes of weights; total is 0 while unknown
 * @property {string} failure why the network is not there, a sentence; empty unless `network` is 'failed', or 'waiting' for a reason
 * @property {import('resnet50-wasm').ModelInfo | null} info
 * @property {Picture | null} picture what is shown
 * @property {'off' | 'starting' | 'on'} camera
 * @property {import('resnet50-wasm').Explanation | null} cameraMap where in a frame the best guess was seen, if that is asked for
 * @property {number} cameras how many this device has, as far as is known
 * @property {boolean} busy a picture is waiting for its result
 * @property {number} pace milliseconds that the last picture took; 0 before the first one
 * @property {Result | null} result belongs to `picture`, or to the camera's last frame
 * @property {import('./explainer.js').Heat | null} heat where a guess was seen; `map` is null until it is known
 * @property {string} notice what went wrong with the last input, a sentence; empty if nothing did
 *
 * @typedef {object} Picture
 * @property {string} name file name, or what is to be seen on a sample
 * @property {Blob | string} file the string is its address: of what the page begins with
 * @property {string} url for an <img>
 * @property {boolean} drawable whether this browser can draw it
 * @property {string} sample file of the gallery that it is; empty for others
 * @property {string} address where it was taken from; empty for files
 * @property {string} [remark] what to say of a sample, a sentence; empty for others
 * @property {boolean} [isFirst] it is what the page begins with
 *
 * @typedef {object} Result
 * @property {import('resnet50-wasm').Classification[]} guesses best first
 * @property {number} [milliseconds] from the picture's bytes to the guesses, decoding included; none for what was made before
 * @property {{ activation: string, classes: number }} [madeBy] of the network that made them when the site was made
 * @property {boolean} [isStranger] it is like none of the pictures that were shown on the teach page
 * @property {number} [framesPerSecond] of the camera, from its second frame on
 */

/** @returns {State} */
export const initialState = () => ({
  network: 'waiting',
  progress: { loaded: 0, total: 0 },
  failure: '',
  info: null,
  picture: null,
  camera: 'off',
  cameraMap: null,
  cameras: 0,
  busy: false,
  pace: 0,
  result: null,
  heat: null,
  notice: '',
});

/** Holds a state; tells subscribers of every change, and at once of the present one. */
export function createStore(state) {
  const subscribers = [];
  return {
    get state() {
      return state;
    },
    update(changes) {
      state = { ...state, ...changes };
      for (const tell of subscribers) tell(state);
    },
    subscribe(tell) {
      subscribers.push(tell);
      tell(state);
    },
  };
}
