/** A trainer in the page's own thread: an entry of its own, so that only pages that need it load it. */
export { startTrainerInPlace } from '../host/training/inplace-trainer.js';
