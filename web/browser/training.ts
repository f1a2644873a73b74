/** Training in browsers as a module of its own, which pages that only classify do not load. */
export { fcParameter, readHead, save } from '../training/heads.js';
export { fitModel, placeFirst } from '../training/own-head.js';
export { connectTrainer } from './trainer.js';
